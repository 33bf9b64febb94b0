"""Workloads under a recording, and what must be true of every recorded stream."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import oracle
from tool import Recording, Tool, channels, ends, find_container, find_stream, log_file_facts, total

from testbed import workload
from testbed.containerd import Containerd

_numbers = itertools.count()


def label() -> str:
    """A suffix that no other pod of this session has."""
    return f"-{next(_numbers)}"


@dataclass
class Recorded:
    """A workload that ran under a recording."""

    facts: list[workload.Facts]
    report: dict
    recording: Recording
    shims: list[int]


def whole_life(tool: Tool, daemon: Containerd, name: str, *args: str, factor: float = 1.0) -> Recorded:
    """Records a workload from before its pod is made until after it is gone."""
    with tool.record("--address", daemon.address, *args) as recording:
        with workload.start(daemon, name, factor * workload.scale(), label()) as run:
            run.create()
            shims = daemon.shims()
            run.go()
            run.wait_written()
            run.wait_logged()
            facts = run.finish()
    return Recorded(facts, recording.report, recording, shims)


def midway(tool: Tool, daemon: Containerd, name: str, *args: str, factor: float = 1.0) -> Recorded:
    """Records only the writing: pod and container are there before, and still there afterwards."""
    with workload.start(daemon, name, factor * workload.scale(), label()) as run:
        run.create()
        shims = daemon.shims()
        with tool.record("--address", daemon.address, *args) as recording:
            run.go()
            run.wait_written()
            run.wait_logged()
        facts = run.finish()
    return Recorded(facts, recording.report, recording, shims)


def check_whole(report: dict) -> None:
    """The report claims to be complete, and its parts add up."""
    assert report["schema"] == "shimscope/1"
    assert report["capture"]["complete"] is True
    assert report["loss"]["ring_dropped"] == 0
    assert report["loss"]["map_full"] == 0
    assert report["loss"]["exact"] is True
    rows = {}
    for channel in report["channels"]:
        row = rows.setdefault((channel["transport"], channel["protocol"]), {"calls": 0, "bytes": 0, "eagain": 0})
        for end in channel["ends"]:
            for member in row:
                row[member] += end[member]
            # A call that failed has no size; every other one has.
            assert sum(n for _, n in end["size_log2"]) == end["calls"] - end["eagain"] - end["errors"]
    for row in report["transports"]:
        mine = rows.pop((row["transport"], row["protocol"]))
        assert {member: row[member] for member in mine} == mine
    assert not any(row["calls"] for row in rows.values())


def check_stream(report: dict, facts: workload.Facts, stream: str) -> None:
    """One stream: the same bytes at each end, from the container to containerd."""
    written = facts.written(stream)
    entry = find_stream(report, facts.id, stream)
    # A terminal adds to what the container wrote: without its own writes, what the shim reads is known.
    own = sum(facts.generator[s]["bytes"] for s in ("stdout", "stderr")) if facts.tty else written
    assert entry["log_bytes"] == (own if report["capture"]["writers"] else written)
    by_id = {channel["id"]: channel for channel in report["channels"]}
    hops = {by_id[hop["channel"]]["role"]: hop for hop in entry["hops"]}
    if written == 0:
        assert all(hop[side] is None or hop[side]["bytes"] == 0
                   for role, hop in hops.items() if role != "log-file" for side in ("in", "out"))
        return

    output, fifo = hops["container-output"], hops["container-log"]
    assert by_id[output["channel"]]["transport"] == ("pty" if facts.tty else "pipe")
    assert by_id[fifo["channel"]]["transport"] == "fifo"
    assert by_id[fifo["channel"]]["path"].endswith(f"{facts.id}-{stream}")
    assert (output["from"], output["to"], fifo["from"], fifo["to"]) == ("writer", "shim", "shim", "containerd")
    assert output["out"]["bytes"] == written
    assert fifo["in"]["bytes"] == written
    assert fifo["out"]["bytes"] == written
    for channel, direction, process in ((output["channel"], "read", "shim"), (fifo["channel"], "write", "shim"),
                                        (fifo["channel"], "read", "containerd")):
        assert total(ends(by_id[channel], direction, process)) == written
    seen = [hop[side] for hop in entry["hops"] for side in ("in", "out") if hop[side] is not None]
    assert entry["copied_bytes"] == total(seen)
    assert entry["calls"] == total(seen, "calls")
    assert entry["cpu_ns"] == total(seen, "cpu_ns") > 0


def check_container(report: dict, facts: workload.Facts, stopped: bool = True) -> None:
    """One container: names, streams, log file."""
    entry = find_container(report, facts.id)
    assert (entry["pod"], entry["pod_namespace"], entry["sandbox"], entry["name"], entry["namespace"]) == (
        facts.pod, facts.pod_namespace, facts.sandbox, facts.name, "k8s.io")
    assert entry["log_path"] == facts.log_path
    for stream in ("stdout", "stderr") if not facts.tty else ("stdout",):
        if facts.written(stream) or any(s["stream"] == stream for s in entry["streams"]):
            check_stream(report, facts, stream)
    assert facts.log_path is not None
    log = oracle.read_log(Path(facts.log_path), 2 if facts.tty else 1)
    assert log_file_facts(report, facts.id) == {"log_records": log.records, "file_bytes": log.size}
    file, = channels(report, transport="file", path=facts.log_path)
    assert file["role"] == "log-file"
    assert total(ends(file, "write", "containerd")) == log.size
    assert total(ends(file, "write", "containerd"), "calls") == log.records
    if stopped:
        assert facts.exit_code == 0
