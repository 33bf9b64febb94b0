"""Every call that moves data, on every kind of channel, counted to the unit."""

import contextlib
import json
import os
import subprocess

import pytest
from tool import Tool

from testbed import build


@contextlib.contextmanager
def iocalls(*args: str):
    """The call generator, ready and waiting; yields it and its process's go()."""
    with subprocess.Popen([str(build.generator("iocalls")), *args], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        process.stdout.readline()

        def go() -> list[dict]:
            process.stdin.write("\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["ends"]

        try:
            yield process.pid, go
        finally:
            process.stdin.close()
            process.wait(30)


@pytest.fixture(scope="module")
def recorded(binary, tmp_path_factory, daemon):
    """One recording of all cases: what the generator counted, and the report."""
    tool = Tool(binary, tmp_path_factory.mktemp("calls"), os.environ.get("SHIMSCOPE_BACKEND", "auto"))
    with iocalls() as (pid, go):
        with tool.record("--address", daemon.address, "--pid", str(pid)) as recording:
            counted = go()
        report = recording.report
    return pid, counted, report


def _seen(report: dict, pid: int, end: dict) -> list[dict]:
    """The ends in a report that are an end of the generator."""
    found = []
    for channel in report["channels"]:
        parts = channel["id"].split(":")
        inodes = parts[1:3] if channel["transport"].startswith("unix-") else parts[3:4]
        if channel["transport"] != end["transport"] or str(end["inode"]) not in inodes:
            continue
        found += [seen for seen in channel["ends"]
                  if seen["pid"] == pid and seen["direction"] == end["direction"]]
    return found


def _cases() -> list[str]:
    listed = subprocess.run([build.generator("iocalls"), "--list"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


@pytest.mark.parametrize("case", _cases())
def test_case(recorded, case):
    """Calls, bytes, moved bytes, EAGAIN and errors of each end of a case."""
    pid, counted, report = recorded
    assert report["loss"]["exact"] is True
    mine = [end for end in counted if end["test"].split(":")[0] == case and end["transport"] != "pty"]
    assert mine
    for end in mine:
        # The syscall backend sees one sendmmsg; inside the kernel there is one call a message.
        calls = end["calls"]
        if "mmsg" in case and report["capture"]["backend"] != "syscall":
            calls = end["messages"]
        found = _seen(report, pid, end)
        if calls == 0:
            assert sum(seen["calls"] for seen in found) == 0, end
            continue
        assert len(found) == 1, end
        seen = found[0]
        assert {key: seen[key] for key in ("calls", "bytes", "moved_bytes", "eagain", "errors")} == {
            "calls": calls, **{key: end[key] for key in ("bytes", "moved_bytes", "eagain", "errors")}}, end
        if end["blocked_ns"]:
            assert seen["blocked_ns"] >= end["blocked_ns"]
            assert seen["cpu_ns"] < seen["blocked_ns"]


def test_terminals(recorded):
    """All pseudo terminals together: their masters share one inode."""
    pid, counted, report = recorded
    for direction in ("read", "write"):
        mine = [end for end in counted if end["transport"] == "pty" and end["direction"] == direction]
        seen = [end for channel in report["channels"] if channel["transport"] == "pty"
                for end in channel["ends"] if end["pid"] == pid and end["direction"] == direction]
        assert sum(end["bytes"] for end in seen) == sum(end["bytes"] for end in mine) > 0
        assert sum(end["calls"] for end in seen) == sum(end["calls"] for end in mine)


def test_socket_pair_is_one_channel(recorded):
    """Both ends of a UNIX socket pair belong to one channel, named by both inodes."""
    _, counted, report = recorded
    pair = [end["inode"] for end in counted if end["test"] == "send-recv:unix-stream"]
    assert len(pair) == 2
    name = f"unix-stream:{min(pair)}:{max(pair)}"
    assert [channel["id"] for channel in report["channels"] if channel["id"] == name] == [name]
