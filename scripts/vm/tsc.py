#!/usr/bin/python3
"""Prints the rate of this machine's time stamp counter, in kHz.

An emulated machine's counter is the host's own. A guest measures its rate when it boots, and on a busy
host gets it wrong at times (by a factor of five has been seen), after which all its clocks run too fast
or too slow. run.sh tells the guest instead what is measured here.
"""

import ctypes
import mmap
import sys
import time

# rdtsc; shl $32,%rdx; or %rdx,%rax; ret
RDTSC = bytes.fromhex("0f31 48c1e220 4809d0 c3")
SPAN_S = 0.05


def main() -> int:
    """Measures over SPAN_S; the clock is read beside the counter, and the closest pair of many is used."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(RDTSC)
    rdtsc = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    now = time.clock_gettime_ns

    def sample() -> tuple[int, int]:
        best = None
        for _ in range(200):
            before = now(time.CLOCK_MONOTONIC_RAW)
            ticks = rdtsc()
            after = now(time.CLOCK_MONOTONIC_RAW)
            if best is None or after - before < best[0]:
                best = (after - before, ticks, (before + after) // 2)
        return best[1], best[2]

    ticks_0, ns_0 = sample()
    time.sleep(SPAN_S)
    ticks_1, ns_1 = sample()
    print((ticks_1 - ticks_0) * 1_000_000 // (ns_1 - ns_0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
