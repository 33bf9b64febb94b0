#!/usr/bin/python3
"""Takes the BTF out of a kernel image: `btf_extract.py VMLINUZ OUT`.

A distribution's vmlinuz holds the kernel compressed (on x86 behind a boot stub, on arm64 as a whole or
not at all), and the kernel holds its .BTF section as it is: a 24-byte header that starts with the magic
0xeB9F, then the types, then the strings (Documentation/bpf/btf.rst).
"""

import lzma
import struct
import subprocess
import sys
import zlib
from pathlib import Path

BTF_HEADER = struct.Struct("<HBBIIIII")
BTF_MAGIC = 0xEB9F
# No kernel's types are smaller; a module's or a stray match is.
BTF_MIN_BYTES = 1 << 20


def unpacked(image: bytes):
    """The image itself, then what is compressed in it, in the order of the formats' likelihood."""
    yield image
    for magic, unpack in ((b"\x1f\x8b\x08", gunzip), (b"\xfd7zXZ\x00", unxz), (b"\x28\xb5\x2f\xfd", unzstd)):
        at = image.find(magic)
        while at >= 0:
            try:
                plain = unpack(image[at:])
            except (OSError, EOFError, zlib.error, lzma.LZMAError, subprocess.CalledProcessError):
                plain = b""
            if len(plain) > BTF_MIN_BYTES:
                yield plain
            at = image.find(magic, at + 1)


def gunzip(data: bytes) -> bytes:
    """The first gzip member; what follows it is not looked at."""
    return zlib.decompressobj(wbits=31).decompress(data)


def unxz(data: bytes) -> bytes:
    """The first xz stream."""
    return lzma.LZMADecompressor().decompress(data)


def unzstd(data: bytes) -> bytes:
    """The first zstd frame; the tool complains about what follows it and has written it by then."""
    done = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=False)
    return done.stdout


def find_btf(kernel: bytes) -> bytes | None:
    """The largest thing that is a whole BTF section."""
    best = None
    at = kernel.find(struct.pack("<HB", BTF_MAGIC, 1))
    while at >= 0:
        if at + BTF_HEADER.size <= len(kernel):
            _, _, flags, header, type_at, types, string_at, strings = BTF_HEADER.unpack_from(kernel, at)
            size = header + string_at + strings
            if (flags == 0 and header == BTF_HEADER.size and type_at == 0 and string_at == types
                    and size >= BTF_MIN_BYTES and at + size <= len(kernel)
                    and (best is None or size > len(best))):
                best = kernel[at:at + size]
        at = kernel.find(struct.pack("<HB", BTF_MAGIC, 1), at + 1)
    return best


def main() -> int:
    """Reads argv."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    for kernel in unpacked(Path(sys.argv[1]).read_bytes()):
        btf = find_btf(kernel)
        if btf:
            Path(sys.argv[2]).write_bytes(btf)
            return 0
    print(f"{sys.argv[1]}: no BTF in this kernel image", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
