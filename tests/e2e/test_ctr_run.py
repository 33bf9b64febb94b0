"""A container of `ctr run`: no CRI, no log file, and the reader of its FIFO is ctr."""

import pytest
from loads import check_whole, label
from tool import channels, ends, find_container, find_stream, total

from testbed import workload


@pytest.mark.parametrize("args", [(), ("--writers",)])
def test_ctr_run(tool, daemon, args):
    """Bytes into the pipe, through the shim and into the FIFO are those written."""
    with tool.record("--address", daemon.address, *args) as recording:
        with workload.start(daemon, "ctr-run", workload.scale(), label()) as run:
            run.create()
            run.go()
            run.wait_written()
            facts, = run.finish()
    report = recording.report
    check_whole(report)
    written = facts.generator["stdout"]["bytes"]
    assert facts.received["stdout"] == written
    entry = find_container(report, facts.id)
    assert (entry["namespace"], entry["pod"], entry["log_path"]) == ("default", None, None)
    stream = find_stream(report, facts.id)
    assert stream["log_bytes"] == written
    assert stream["log_records"] is None
    assert stream["file_bytes"] is None
    fifo, = channels(report, role="container-log", container=facts.id, stream="stdout")
    assert total(ends(fifo, "write", "shim")) == written
    assert ends(fifo, "read", "containerd") == []
    output, = channels(report, role="container-output", container=facts.id, stream="stdout")
    assert total(ends(output, "read", "shim")) == written
    if args:
        assert total(ends(output, "write", "writer")) == written
        assert total(ends(output, "write", "writer"), "calls") == facts.generator["stdout"]["writes"]


def test_client_added_by_pid(tool, daemon):
    """With --pid ctr's own end is seen, too."""
    with workload.start(daemon, "ctr-run", 0.3 * workload.scale(), label()) as run:
        run.create()
        assert run.process is not None
        with tool.record("--address", daemon.address, "--pid", str(run.process.pid)) as recording:
            run.go()
            run.wait_written()
            facts, = run.finish()
    written = facts.generator["stdout"]["bytes"]
    fifo, = channels(recording.report, role="container-log", container=facts.id, stream="stdout")
    assert total(ends(fifo, "write", "shim")) == written
    assert [end["pid"] for end in ends(fifo, "read")] == [run_pid(recording.report, "ctr")]
    assert total(ends(fifo, "read")) == written


def run_pid(report: dict, comm: str) -> int:
    """The pid of the process with this name."""
    found = [entry["pid"] for entry in report["processes"] if entry["comm"] == comm]
    assert len(found) == 1
    return found[0]
