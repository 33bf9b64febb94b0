"""Calls, bytes and EAGAIN are strace's, in one and the same run."""

import shutil
import time

import oracle
import pytest
from loads import check_whole, label

from testbed import workload

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed here")

# What is silent unless the test makes it speak: at other channels, a call may fall between the moments
# at which the two tracers begin or end.
ROLES = ("container-output", "container-log", "log-file", "ttrpc-task")
QUIET_S = 0.3


def _inodes(channel: dict) -> list[str]:
    parts = channel["id"].split(":")
    return parts[1:3] if channel["transport"].startswith("unix-") else [parts[3]]


def _strace_count(trace: oracle.Trace, channel: dict, end: dict) -> oracle.Count:
    """What strace saw of an end of a report."""
    transport = channel["transport"]
    if transport in ("fifo", "file"):
        return trace.end(end["pid"], channel["path"], end["direction"])
    found = oracle.Count()
    for (pid, name, direction), count in trace.ends.items():
        if pid != end["pid"] or direction != end["direction"]:
            continue
        if transport == "pipe" and name == f"pipe:[{_inodes(channel)[0]}]":
            return count
        if transport.startswith("unix-") and any(
                name.startswith(f"UNIX-STREAM:[{ino}->") or name.startswith(f"UNIX-STREAM:[{ino},")
                or name == f"UNIX-STREAM:[{ino}]" for ino in _inodes(channel)):
            return count
    return found


@pytest.mark.parametrize("name, factor", [("rate-100", 0.25), ("batch40-100", 0.05), ("lines-16k", 0.1),
                                          ("lines-64k", 0.1), ("stdout-stderr", 0.1), ("two-containers", 0.1)])
def test_same_counts(tool, daemon, tmp_path, name, factor):
    """Each end of each log channel and of the ttrpc task service."""
    with workload.start(daemon, name, factor * workload.scale(), label()) as run:
        run.create()
        shim, = daemon.shims()
        time.sleep(QUIET_S)
        with tool.record("--address", daemon.address) as recording:
            with oracle.Strace([daemon.pid, shim], tmp_path / "strace") as strace:
                time.sleep(QUIET_S)
                run.go()
                run.wait_written()
                run.wait_logged()
                for container in run.containers:
                    daemon.cri.container_stats(container.id)
                time.sleep(QUIET_S)
        run.finish()
    report, trace = recording.report, strace.trace
    check_whole(report)
    assert not trace.unknown
    compared = {role: 0 for role in ROLES}
    for channel in report["channels"]:
        if channel["role"] not in ROLES:
            continue
        for end in channel["ends"]:
            if end["pid"] not in (daemon.pid, shim) or end["calls"] == 0:
                continue
            seen = _strace_count(trace, channel, end)
            assert (end["calls"], end["bytes"], end["eagain"], end["errors"]) == (
                seen.calls, seen.bytes, seen.eagain, seen.errors), (channel["id"], channel["role"], end["direction"])
            compared[channel["role"]] += 1
    streams = sum(1 for gen in run.gens for _ in range(2 if gen.stream == "both" else 1))
    assert compared["container-output"] == streams
    assert compared["container-log"] == 2 * streams
    assert compared["log-file"] == len(run.gens)
    assert compared["ttrpc-task"] >= 4  # containerd's and the shim's end, both ways


@pytest.mark.parametrize("name", ["batch40-100"])
def test_strace_saw_nothing_else(tool, daemon, tmp_path, name):
    """The reverse: what strace saw of containers' FIFOs and log files is in the report."""
    with workload.start(daemon, name, 0.05 * workload.scale(), label()) as run:
        run.create()
        shim, = daemon.shims()
        with tool.record("--address", daemon.address) as recording:
            with oracle.Strace([daemon.pid, shim], tmp_path / "strace") as strace:
                run.go()
                run.wait_written()
                run.wait_logged()
                time.sleep(QUIET_S)
        run.finish()
    known = {(end["pid"], channel["path"], end["direction"]): end
             for channel in recording.report["channels"] if channel["path"] for end in channel["ends"]}
    below = str(daemon.base)
    seen = {key: count for key, count in strace.trace.ends.items()
            if key[1].startswith(below) and (key[1].endswith("-stdout") or key[1].endswith(".log"))}
    assert len(seen) >= 3
    for key, count in seen.items():
        assert known[key]["calls"] == count.calls, key
