"""ExecSync: one payload over a FIFO (shim to containerd) and over gRPC (containerd to its client)."""

from loads import check_whole, label
from tool import channels, ends, find_container, total

from testbed import workload

# gRPC frames its messages: 9 bytes for each frame of at most 16 KiB, and some for headers.
FRAMING = 1.005
OTHER_CALLS = 50_000


def test_same_bytes_over_fifo_and_grpc(tool, daemon):
    """The FIFO carries the payload to the byte; the gRPC socket carries it, its framing, and little else."""
    with tool.record("--address", daemon.address) as recording:
        with workload.start(daemon, "execsync", workload.scale(), label()) as run:
            run.create()
            run.go()
            facts, = run.wait_written()
            run.finish()
    report = recording.report
    check_whole(report)
    written = facts.generator["stdout"]["bytes"]
    assert facts.received["stdout"] == written
    fifos = channels(report, role="container-log", container=facts.id)
    stdout = [channel for channel in fifos if total(ends(channel, "write", "shim"))]
    assert len(stdout) == 1
    assert stdout[0]["transport"] == "fifo"
    assert total(ends(stdout[0], "write", "shim")) == written
    assert total(ends(stdout[0], "read", "containerd")) == written

    api = channels(report, role="grpc-api")
    assert api
    assert {channel["transport"] for channel in api} == {"unix-stream"}
    assert {channel["protocol"] for channel in api} == {"grpc"}
    sent = sum(total(ends(channel, "write", "containerd")) for channel in api)
    assert written <= sent <= written * FRAMING + OTHER_CALLS
    # The container itself wrote nothing: what its exec wrote is not taken for its log.
    entry = find_container(report, facts.id)
    assert [stream["log_bytes"] for stream in entry["execs"] if stream["stream"] == "stdout"] == [written]
    assert sum(stream["log_bytes"] or 0 for stream in entry["streams"]) == 0
    for channel in channels(report, transport="file", path=facts.log_path):
        assert total(ends(channel, "write")) == 0
