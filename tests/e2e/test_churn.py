"""Containers that live for 100 ms, and nothing of them is missed or kept."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from loads import check_whole
from tool import channels, ends, find_container, find_stream, total

from testbed import churn, workload

COUNT = 200
GROWTH_MAX = 2 << 20


def test_two_hundred(tool, daemon):
    """All are named rightly, with all their bytes, and the tool's memory stays flat."""
    half = max(10, int(COUNT * min(1, workload.scale() * 2)) // 2)
    with tool.record("--address", daemon.address) as recording:
        done = churn.run(daemon, half, prefix="churn-a")
        middle = recording.rss_bytes()
        done += churn.run(daemon, half, prefix="churn-b")
        end = recording.rss_bytes()
    report = recording.report
    check_whole(report)
    assert len({brief.id for brief in done}) == 2 * half
    for brief in done:
        entry = find_container(report, brief.id)
        assert (entry["name"], entry["pod"], entry["sandbox"], entry["pod_namespace"]) == (
            brief.name, brief.pod, brief.sandbox, "shimscope")
        assert find_stream(report, brief.id)["log_bytes"] == brief.bytes
        fifo, = channels(report, role="container-log", container=brief.id, stream="stdout")
        assert total(ends(fifo, "write", "shim")) == brief.bytes
        assert total(ends(fifo, "read", "containerd")) == brief.bytes
    assert end - middle < GROWTH_MAX, f"grew from {middle} to {end}"


@pytest.mark.native_only
def test_nothing_stays_in_the_kernel(tool, daemon):
    """The maps and programs are gone with the process."""
    with tool.record("--address", daemon.address) as recording:
        churn.run(daemon, 4, pods=2, prefix="churn-maps")
        assert recording.process is not None
        pid = recording.process.pid
        assert _bpf_ids(pid)
        kept = _bpf_ids(pid)
    # The kernel frees them a grace period later.
    deadline = time.monotonic() + 10
    while kept & _all_bpf_ids() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not kept & _all_bpf_ids()


def _bpf_ids(pid: int) -> set[tuple[str, int]]:
    """The BPF maps and programs that a process holds."""
    found = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":\t")
            if key in ("map_id", "prog_id"):
                found.add((key[:-3], int(value)))
    return found


def _all_bpf_ids() -> set[tuple[str, int]]:
    """All that the kernel has."""
    bpftool = shutil.which("bpftool") or "/usr/sbin/bpftool"
    found = set()
    for kind in ("map", "prog"):
        done = subprocess.run([bpftool, "-j", kind, "list"], capture_output=True, text=True, check=True)
        found |= {(kind, entry["id"]) for entry in json.loads(done.stdout)}
    return found
