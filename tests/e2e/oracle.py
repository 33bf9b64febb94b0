"""Independent witnesses: strace's view of the calls, and what the log files hold."""

import re
import signal
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

# Every call that containerd or a shim moves data with, should one of them change its ways.
CALLS = ("read,write,readv,writev,pread64,pwrite64,preadv,pwritev,preadv2,pwritev2,"
         "sendto,recvfrom,sendmsg,recvmsg,sendmmsg,recvmmsg,splice,tee,sendfile,copy_file_range")
READS = {"read", "readv", "pread64", "preadv", "preadv2", "recvfrom", "recvmsg"}
WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg"}
ATTACH_TIMEOUT_S = 30


@dataclass
class Count:
    """Calls of one process on one file in one direction."""

    calls: int = 0
    bytes: int = 0
    eagain: int = 0
    errors: int = 0

    def add(self, result: int, error: str | None) -> None:
        """One completed call."""
        self.calls += 1
        if error == "EAGAIN":
            self.eagain += 1
        elif error:
            self.errors += 1
        else:
            self.bytes += result


# "1234  read(7<pipe:[5]>, ""..., 4096) = 17" and the two halves of a call that another one cut in two.
_START = re.compile(r"^(\d+)\s+(\w+)\((\d+)<(.*)$")
_RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")
_RESULT = re.compile(r"\)\s+= (-?\d+)(?:\s+(E[A-Z0-9]+)|\s*$|\s+<)")


def _name_of(rest: str) -> str:
    """The file's name in "NAME>, arguments": it may hold brackets and arrows itself."""
    if rest.startswith("UNIX") or rest.startswith("TCP") or rest.startswith("UDP"):
        depth = 0
        for at, char in enumerate(rest):
            if char == "[":
                depth += 1
            elif char == "]":
                depth -= 1
                if depth == 0:
                    return rest[:at + 1]
    return rest.split(">", 1)[0]


@dataclass
class Trace:
    """What strace saw: counts by (pid, file, direction). A file is named as strace -yy names it."""

    pids: list[int]
    threads: dict[int, int] = field(default_factory=dict)  # thread to process
    ends: dict[tuple[int, str, str], Count] = field(default_factory=lambda: defaultdict(Count))
    unknown: list[str] = field(default_factory=list)

    def parse(self, text: str) -> None:
        """Reads strace's output."""
        begun: dict[int, tuple[str, str]] = {}
        for line in text.splitlines():
            resumed = _RESUMED.match(line)
            if resumed:
                thread = int(resumed.group(1))
                call, name = begun.pop(thread, (resumed.group(2), ""))
                rest = resumed.group(3)
            else:
                start = _START.match(line)
                if not start:
                    continue
                thread, call, rest = int(start.group(1)), start.group(2), start.group(4)
                name = _name_of(rest)
                if "<unfinished ...>" in line:
                    begun[thread] = (call, name)
                    continue
            result = _RESULT.search(rest)
            if not result or not name:
                continue  # killed or interrupted by strace's own end, or begun before it
            if call in READS:
                direction = "read"
            elif call in WRITES:
                direction = "write"
            else:
                self.unknown.append(line)
                continue
            pid = self.threads.get(thread, thread)
            self.ends[(pid, name, direction)].add(int(result.group(1)), result.group(2))

    def end(self, pid: int, name: str, direction: str) -> Count:
        """The count of one end; all zero if strace saw nothing."""
        return self.ends.get((pid, name, direction), Count())


def _threads_of(pid: int) -> dict[int, int]:
    try:
        return {int(entry.name): pid for entry in Path(f"/proc/{pid}/task").iterdir()}
    except OSError:
        return {}


class Strace:
    """strace attached to processes and all their threads, as a context manager; then .trace."""

    def __init__(self, pids: list[int], output: Path):
        self.trace = Trace(list(pids))
        self._output = output
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "Strace":
        command = ["strace", "-f", "-yy", "-s", "0", "-e", f"trace={CALLS}", "-e", "signal=none",
                   "-o", str(self._output)]
        for pid in self.trace.pids:
            command += ["-p", str(pid)]
        # pylint: disable-next=consider-using-with
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + ATTACH_TIMEOUT_S
        while not all(self._is_traced(pid) for pid in self.trace.pids):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("strace does not attach")
            time.sleep(0.02)
        return self

    def _is_traced(self, pid: int) -> bool:
        tracer = f"TracerPid:\t{self._process.pid if self._process else 0}\n"
        threads = list(_threads_of(pid))
        try:
            return bool(threads) and all(tracer in Path(f"/proc/{pid}/task/{tid}/status").read_text()
                                         for tid in threads)
        except OSError:
            return False  # a thread ended meanwhile

    def __exit__(self, *_exc) -> None:
        assert self._process is not None
        for pid in self.trace.pids:
            self.trace.threads.update(_threads_of(pid))
        self._process.send_signal(signal.SIGINT)
        self._process.wait(ATTACH_TIMEOUT_S)
        self.trace.parse(self._output.read_text(errors="replace"))


@dataclass(frozen=True)
class LogFile:
    """What a CRI log file holds."""

    size: int
    records: int
    full: int          # records that end a line (tag F)
    payload: dict[str, int]  # bytes of the container that it holds, by stream, newlines included


def read_log(path: Path, line_end: int = 1) -> LogFile:
    """Reads a CRI log file; line_end is the length of what ended each line (2 with a terminal)."""
    records = full = 0
    payload = {"stdout": 0, "stderr": 0}
    with open(path, "rb") as file:
        for record in file:
            _, stream, tag, content = record.split(b" ", 3)
            if not content.endswith(b"\n"):
                raise ValueError(f"{path}: its last record has no end")
            records += 1
            length = len(content) - 1
            if tag == b"F":
                full += 1
                length += line_end
            payload[stream.decode()] += length
    return LogFile(path.stat().st_size, records, full, payload)
