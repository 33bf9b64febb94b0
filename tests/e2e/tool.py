"""shimscope as a user runs it: start it, wait until it traces, end it, read what it says."""

import json
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

TRACING_TIMEOUT_S = 60
END_TIMEOUT_S = 60


@dataclass
class Result:
    """A finished command."""

    status: int
    out: str
    err: str

    @property
    def err_lines(self) -> list[str]:
        """Lines on standard error."""
        return self.err.splitlines()


class Recording:
    """`shimscope record` under way: a context manager; it traces from __enter__ on."""

    def __init__(self, tool: "Tool", args: list[str], backend: str | None = None):
        self.capture = tool.directory / f"capture-{len(list(tool.directory.iterdir()))}"
        backend = backend or tool.backend
        self._command = [str(tool.binary), "record", "-o", str(self.capture), "--backend", backend, *args]
        self._tool = tool
        self.process: subprocess.Popen | None = None
        self.tracing = ""
        self.start_s = 0.0  # how long it took until it traced
        self.status: int | None = None
        self._said = b""
        self._report: dict | None = None

    def __enter__(self) -> "Recording":
        begin = time.monotonic()
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL)
        assert self.process.stderr is not None
        descriptor = self.process.stderr.fileno()
        while "tracing: " not in self.err:
            left = begin + TRACING_TIMEOUT_S - time.monotonic()
            ready, _, _ = select.select([descriptor], [], [], max(0, left))
            chunk = os.read(descriptor, 65536) if ready else b""
            if not chunk:
                self.process.kill()
                self.process.wait()
                raise RuntimeError(f"shimscope does not trace (exit {self.process.returncode}): {self.err}")
            self._said += chunk
        self.start_s = time.monotonic() - begin
        self.tracing = next(line for line in self.err.splitlines() if "tracing: " in line)
        return self

    @property
    def err(self) -> str:
        """What it said on standard error so far."""
        return self._said.decode(errors="replace")

    def rss_bytes(self) -> int:
        """Its resident memory now."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("shimscope has ended")

    def stop(self, sig: int = signal.SIGINT) -> None:
        """Ends the recording."""
        process = self.process
        if process is None or self.status is not None:
            return
        process.send_signal(sig)
        try:
            _, rest = process.communicate(timeout=END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        self._said += rest
        self.status = process.returncode

    def __exit__(self, exc_type, *_exc) -> None:
        self.stop()
        if exc_type is None:
            assert self.status == 0, self.err

    @property
    def report(self) -> dict:
        """The capture's report."""
        self.stop()
        if self._report is None:
            self._report = self._tool.report(self.capture)
        return self._report


@dataclass
class Tool:
    """The binary under test."""

    binary: Path
    directory: Path
    backend: str = "auto"
    env: dict = field(default_factory=dict)

    def run(self, *args, timeout: float = 60, **popen) -> Result:
        """Runs a command to its end."""
        done = subprocess.run([str(self.binary), *map(str, args)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, check=False,
                              env={**os.environ, **self.env}, **popen)
        return Result(done.returncode, done.stdout, done.stderr)

    def json(self, *args) -> dict:
        """Runs a command that prints one JSON object and must succeed."""
        done = self.run(*args)
        assert done.status == 0, done.err
        return json.loads(done.out)

    def record(self, *args: str, backend: str | None = None) -> Recording:
        """A recording, to be used as a context manager."""
        return Recording(self, list(args), backend)

    def report(self, capture: Path) -> dict:
        """A capture's report as JSON."""
        return self.json("report", "--format", "json", capture)


def find_container(report: dict, container: str) -> dict:
    """The container's entry in a report."""
    found = [entry for entry in report["containers"] if entry["id"] == container]
    assert len(found) == 1, f"container {container} occurs {len(found)} times"
    return found[0]


def find_stream(report: dict, container: str, stream: str = "stdout") -> dict:
    """A container's stream in a report."""
    found = [entry for entry in find_container(report, container)["streams"] if entry["stream"] == stream]
    assert len(found) == 1, f"{stream} of {container} occurs {len(found)} times"
    return found[0]


def channels(report: dict, **wanted) -> list[dict]:
    """The channels whose members have the given values."""
    return [entry for entry in report["channels"]
            if all(entry[key] == value for key, value in wanted.items())]


def ends(channel: dict, direction: str, process: str | None = None) -> list[dict]:
    """A channel's ends of one direction, of one role of process if given."""
    return [end for end in channel["ends"]
            if end["direction"] == direction and process in (None, end["process"])]


def total(found: list[dict], member: str = "bytes") -> int:
    """The sum of a member over ends."""
    return sum(end[member] for end in found)


def log_file_facts(report: dict, container: str) -> dict:
    """log_records and file_bytes of a container's log file, which its streams share."""
    entry = find_container(report, container)
    facts = {}
    for member in ("log_records", "file_bytes"):
        parts = [stream[member] for stream in entry["streams"]]
        whole = entry.get(member)
        facts[member] = whole if whole is not None else sum(part for part in parts if part is not None)
        known = [part for part in parts if part is not None]
        assert whole is not None or known, f"{member} of {container} is unknown"
    return facts
