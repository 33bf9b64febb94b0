"""The demonstration: log workloads on a private containerd, recorded and reported, then checked."""

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import paths, workload
from .containerd import Containerd, interruptible

LOADS = ("rate-100", "batch40-100", "lines-16k", "stdout-stderr", "two-containers", "tty", "ctr-run", "execsync")
TIMEOUT_S = 60


def say(text: str) -> None:
    """Progress goes to standard error: the report alone is the result."""
    print(f"demo: {text}", file=sys.stderr, flush=True)


class Record:
    """`shimscope record` under way; a context manager."""

    def __init__(self, binary: Path, capture: Path, address: str):
        self._command = [str(binary), "record", "-o", str(capture), "--writers", "--address", address]
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "Record":
        # pylint: disable-next=consider-using-with
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                         start_new_session=True)
        assert self._process.stderr is not None
        descriptor = self._process.stderr.fileno()
        deadline = time.monotonic() + TIMEOUT_S
        said = ""
        while select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
            # Not through the file object, whose buffer select does not know.
            chunk = os.read(descriptor, 65536).decode(errors="replace")
            if not chunk:
                break
            sys.stderr.write(chunk)
            said += chunk
            if "tracing: " in said:
                return self
        self._process.kill()
        self._process.wait()
        raise RuntimeError("shimscope does not trace")

    def __exit__(self, exc_type, *_exc) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        try:
            _, rest = self._process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        sys.stderr.write(rest.decode(errors="replace"))
        if exc_type is None and self._process.returncode != 0:
            raise RuntimeError(f"shimscope record ended with {self._process.returncode}")


def run_loads(daemon: Containerd) -> dict[str, list[workload.Facts]]:
    """Runs the workloads one after the other; returns what each one wrote."""
    done = {}
    for name in LOADS:
        say(f"{name}: {workload.WORKLOADS[name].what}")
        with workload.start(daemon, name) as run:
            done[name] = run.run()
    return done


def recorded_bytes(report: dict, facts: workload.Facts, load: str) -> int | None:
    """What the report says that the container, or its exec, wrote."""
    if workload.WORKLOADS[load].kind == "exec":
        return sum(end["bytes"] for channel in report["channels"]
                   if channel["role"] == "container-log" and channel["container"] == facts.id
                   for end in channel["ends"] if (end["process"], end["direction"]) == ("shim", "write"))
    for container in report["containers"]:
        if container["id"] == facts.id:
            known = [stream["log_bytes"] for stream in container["streams"] if stream["log_bytes"] is not None]
            return sum(known) if known else None
    return None


def check(report: dict, done: dict[str, list[workload.Facts]]) -> bool:
    """Compares the report with what the generators counted and with the log files; prints both."""
    exact = True
    print("\nWhat was written, and what was seen of it:\n")
    print(f"  {'workload':16} {'container':14} {'bytes written':>14} {'bytes seen':>14} "
          f"{'log file':>12} {'seen':>12}")
    for name, containers in done.items():
        for facts in containers:
            # With --writers these are the containers' own writes, before a terminal adds to them.
            written = sum(facts.generator[stream]["bytes"] for stream in ("stdout", "stderr"))
            seen = recorded_bytes(report, facts, name)
            size = Path(facts.log_path).stat().st_size if facts.log_path else None
            file_seen = sum(
                (end["bytes"] for channel in report["channels"]
                 if channel["transport"] == "file" and channel["path"] == facts.log_path
                 for end in channel["ends"] if end["direction"] == "write")) if facts.log_path else None
            same = seen == written and file_seen == size
            exact = exact and same
            cells = ["-" if value is None else str(value) for value in (written, seen, size, file_seen)]
            print(f"  {name:16} {facts.id[:13]:14} {cells[0]:>14} {cells[1]:>14} {cells[2]:>12} "
                  f"{cells[3]:>12}{'' if same else '   DIFFERENT'}")
    print()
    return exact


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="demo")
    parser.add_argument("--shimscope", type=Path, default=paths.output_dir() / "shimscope")
    parser.add_argument("--containerd", default="1.6", help="release series (default 1.6)")
    parser.add_argument("-o", "--output", type=Path, default=None, help="keep the capture there")
    args = parser.parse_args()
    binary = args.shimscope.resolve()
    if not binary.exists():
        print(f"demo: {binary}: not there; run make first", file=sys.stderr)
        return 1
    interruptible()
    try:
        return demonstrate(binary, args.containerd, args.output)
    except KeyboardInterrupt:
        say("interrupted; all is cleaned up")
        return 130
    except (RuntimeError, ValueError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


def demonstrate(binary: Path, series: str, output: Path | None) -> int:
    """Everything; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="shimscope-demo-") as directory:
        capture = output or Path(directory) / "capture"
        say(f"starting a private containerd {series}")
        with Containerd(series) as daemon:
            say(f"containerd {daemon.version} runs: {daemon.address}")
            with Record(binary, capture, daemon.address):
                done = run_loads(daemon)
            say("recorded; the report:")
            print(flush=True)
            subprocess.run([binary, "report", capture], check=True)
            shown = subprocess.run([binary, "report", "--format", "json", capture], check=True,
                                   stdout=subprocess.PIPE)
            exact = check(json.loads(shown.stdout), done)
        if output:
            say(f"the capture: {output}")
        if not exact:
            say("the numbers differ: that must not be")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
