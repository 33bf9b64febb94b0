"""Every byte is accounted for, on every hop, to the unit."""

import time
from pathlib import Path

import oracle
import pytest
from loads import check_container, check_whole, label, midway, whole_life
from tool import channels, ends, find_container, find_stream, log_file_facts, total

from testbed import workload

CRI_LOADS = [name for name, load in workload.WORKLOADS.items() if load.kind == "cri"]


@pytest.mark.parametrize("name", CRI_LOADS)
def test_whole_life(tool, daemon, name):
    """Recorded from before the pod is made: its shim is traced from its exec on."""
    recorded = whole_life(tool, daemon, name)
    check_whole(recorded.report)
    assert len(recorded.facts) == len(workload.WORKLOADS[name].gens)
    for facts in recorded.facts:
        check_container(recorded.report, facts)
        assert find_container(recorded.report, facts.id)["shim_pid"] in recorded.shims


@pytest.mark.parametrize("name", ["batch40-100", "stdout-stderr", "two-containers", "tty"])
def test_attached_midway(tool, daemon, name):
    """Recorded while the containers run already: found by their open files."""
    recorded = midway(tool, daemon, name, factor=0.5)
    check_whole(recorded.report)
    for facts in recorded.facts:
        check_container(recorded.report, facts)


def test_log_that_holds_lines_already(tool, daemon):
    """Only what is written during the trace counts, not what the log file held before."""
    pod = workload.Pod(daemon, f"twice{label()}")
    script = ("loggen --lines 101 --report /report/first.json && "
              "loggen --lines 211 --start-file /report/go --report /report/report.json "
              "--hold-file /report/exit")
    container = pod.container("c0", ["/bin/sh", "-c", script])
    container.start()
    container.report("first.json")
    _wait_lines(container.log_path, 101)
    before = container.log_path.stat().st_size
    with tool.record("--address", daemon.address) as recording:
        container.signal_file("go")
        written = container.report()["stdout"]["bytes"]
        _wait_lines(container.log_path, 101 + 211)
    container.signal_file("exit")
    container.wait_exit()
    after = container.log_path.stat().st_size
    pod.remove()
    check_whole(recording.report)
    assert written == 21100
    assert find_stream(recording.report, container.id)["log_bytes"] == written
    assert log_file_facts(recording.report, container.id) == {
        "log_records": 211, "file_bytes": after - before}


def _wait_lines(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 60
    while workload.count_complete_lines(path) < lines:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_exit_right_after_the_last_line(tool, daemon):
    """A container that ends at once: containerd may close the FIFO with bytes in it. That is told.

    What went into the FIFO is what was written; what came out is what the log file holds. The two
    need not be equal, and the report must not make them so.
    """
    name = f"brief{label()}"
    with tool.record("--address", daemon.address) as recording:
        pod = workload.Pod(daemon, name)
        container = pod.container("c0", ["/bin/loggen", "--lines", "5003", "--batch", "40", "--report",
                                         "/report/report.json"])
        container.start()
        written = container.report()["stdout"]["bytes"]
        assert container.wait_exit() == 0
        pod.remove()
    report = recording.report
    check_whole(report)
    stream = find_stream(report, container.id)
    fifo, = channels(report, role="container-log", container=container.id, stream="stdout")
    assert stream["log_bytes"] == written
    assert total(ends(fifo, "write", "shim")) == written
    # A last line cut off has no newline of its own: its record has the tag P.
    log = oracle.read_log(container.log_path)
    assert total(ends(fifo, "read", "containerd")) == log.payload["stdout"]
