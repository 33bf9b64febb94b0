"""Captures that were cut, killed, damaged or met a full disk."""

import os
import random
import signal
import subprocess
import time

import pytest
from loads import check_container, label, midway
from tool import Tool, find_stream

from testbed import workload


@pytest.fixture(scope="module")
def whole(binary, daemon, tmp_path_factory):
    """A complete capture of several windows, and its report."""
    tool = Tool(binary, tmp_path_factory.mktemp("whole"), os.environ.get("SHIMSCOPE_BACKEND", "auto"))
    recorded = midway(tool, daemon, "rate-100", "--interval", "0.1", factor=0.5)
    return recorded


def test_cut_anywhere(tool, whole):
    """Whatever is left is readable, never more than there was, and says that it is incomplete."""
    data = whole.recording.capture.read_bytes()
    full = sum(row["calls"] for row in whole.report["transports"])
    assert full > 0
    cuts = sorted({len(data) * part // 24 for part in range(1, 24)} | {len(data) - 1, len(data) - 7, 1, 15})
    readable = []
    for cut in cuts:
        path = tool.directory / "cut"
        path.write_bytes(data[:cut])
        result = tool.run("report", "--format", "json", path)
        if result.status == 1:
            # Not even the first block: one line, and only for a small remainder.
            assert len(result.err_lines) == 1
            assert str(path) in result.err
            assert not readable, f"readable at {readable}, but not at {cut}"
            continue
        assert result.status == 0, result.err
        report = tool.report(path)
        assert report["capture"]["complete"] is False
        calls = sum(row["calls"] for row in report["transports"])
        assert calls <= full
        readable.append((cut, calls))
        assert "incomplete" in tool.run("report", path).out.lower()
    assert readable
    assert [calls for _, calls in readable] == sorted(calls for _, calls in readable)
    assert readable[-1][1] > 0


def test_damaged(tool, whole):
    """A flipped bit is found by the checksum: an error or less data, never a crash or other numbers."""
    data = bytearray(whole.recording.capture.read_bytes())
    full = sum(row["bytes"] for row in whole.report["transports"])
    chance = random.Random(20)
    for _ in range(40):
        at = chance.randrange(len(data))
        damaged = bytearray(data)
        damaged[at] ^= 1 << chance.randrange(8)
        path = tool.directory / "damaged"
        path.write_bytes(damaged)
        result = tool.run("report", "--format", "json", path)
        assert result.status in (0, 1), (at, result)
        if result.status == 0:
            report = tool.report(path)
            assert sum(row["bytes"] for row in report["transports"]) <= full, at
        else:
            assert len(result.err_lines) == 1


def test_killed_outright(tool, daemon):
    """kill -9 loses at most what was not yet written: two windows."""
    with workload.start(daemon, "batch40-100", 0.05 * workload.scale(), label()) as run:
        run.create()
        recording = tool.record("--address", daemon.address, "--interval", "0.2")
        with pytest.raises(AssertionError):
            with recording:
                run.go()
                facts, = run.wait_written()
                run.wait_logged()
                time.sleep(1)
                recording.stop(signal.SIGKILL)
        assert recording.status == -signal.SIGKILL
        run.finish()
    report = tool.report(recording.capture)
    assert report["capture"]["complete"] is False
    assert find_stream(report, facts.id)["log_bytes"] == facts.written("stdout")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "shimscope-test", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def test_full_disk(tool, daemon, small_disk):
    """One line that names the file, exit 1, and what was written before is readable."""
    with open(small_disk / "filler", "wb") as filler:
        filler.write(b"x" * 40000)
    capture = small_disk / "capture"
    process = subprocess.Popen(  # pylint: disable=consider-using-with
        [tool.binary, "record", "-o", capture, "--interval", "0.01", "--address", daemon.address],
        stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            daemon.cri.version()
        assert process.poll() == 1
        lines = [line for line in process.stderr.read().splitlines() if not line.startswith("tracing: ")
                 and "tracing: " not in line]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert len(lines) == 1, lines
    assert str(capture) in lines[0]
    assert "No space left" in lines[0]
    report = tool.report(capture)
    assert report["capture"]["complete"] is False
    assert sum(row["calls"] for row in report["transports"]) > 0


def test_dev_full(tool, daemon):
    """The disk that is always full."""
    result = tool.run("record", "-o", "/dev/full", "--duration", "1", "--address", daemon.address)
    assert result.status == 1
    lines = [line for line in result.err_lines if "tracing: " not in line]
    assert len(lines) == 1
    assert "/dev/full" in lines[0]


def test_elsewhere(tool, whole):
    """A report needs nothing but the capture: not the containerd, not its files, no privileges."""
    path = tool.directory / "moved"
    path.write_bytes(whole.recording.capture.read_bytes())
    path.chmod(0o644)
    for parent in list(path.parents)[:4]:
        parent.chmod(parent.stat().st_mode | 0o055)
    for facts in whole.facts:
        check_container(tool.report(path), facts)
    runtime, = whole.report["runtimes"]
    assert runtime["config_sha256"]


def test_runtime_is_described(daemon, whole):
    """Version, address, state and configuration of the containerd that was traced."""
    runtime, = whole.report["runtimes"]
    assert runtime["pid"] == daemon.pid
    assert runtime["version"].startswith(daemon.release.series)
    assert runtime["go_version"].startswith("go1.")
    assert runtime["address"] == daemon.address
    assert runtime["state"] == str(daemon.state)
    assert runtime["config_path"] == str(daemon.config_path)


def test_host_is_described(whole):
    """Host facts are those of this machine."""
    host = whole.report["host"]
    assert host["kernel"] == os.uname().release
    assert host["hostname"] == os.uname().nodename
    assert host["cpus"] == os.cpu_count()
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        assert host["boot_id"] == file.read().strip()
