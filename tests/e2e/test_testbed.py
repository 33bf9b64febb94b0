"""The testbed itself: what its generators say agrees with the node's own files and with strace.

None of this needs shimscope; a failure here means that no other test can be believed.
"""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import oracle
import pytest

from testbed import build, churn, cleanup, proc, workload
from testbed.containerd import Containerd

CRI_LOADS = [name for name, load in workload.WORKLOADS.items() if load.kind == "cri"]


@pytest.mark.parametrize("name", CRI_LOADS)
def test_log_file_holds_what_was_written(daemon, name):
    """The log file's payload is the generator's count, to the byte, and so are its lines."""
    with workload.start(daemon, name, 0.1 * workload.scale(), "-testbed") as run:
        for facts in run.run():
            assert facts.exit_code == 0
            assert facts.generator["complete"]
            log = oracle.read_log(Path(facts.log_path), 2 if facts.tty else 1)
            assert log.payload == {s: facts.written(s) for s in ("stdout", "stderr")}
            assert log.full == sum(facts.generator[s]["lines"] for s in ("stdout", "stderr"))
            assert sum(log.payload.values()) > 0


@pytest.mark.parametrize("name", ["ctr-run", "execsync"])
def test_client_receives_what_was_written(daemon, name):
    """Bytes at the far end of ctr run and of ExecSync are those written."""
    with workload.start(daemon, name, 0.1 * workload.scale(), "-testbed") as run:
        facts, = run.run()
        assert facts.exit_code == 0
        assert facts.received["stdout"] == facts.generator["stdout"]["bytes"] > 0
        assert facts.received["stderr"] == 0


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed here")
def test_strace_agrees_with_the_generator(daemon, tmp_path):
    """Each byte crosses pipe and FIFO twice, and the file once, by strace's count."""
    with workload.start(daemon, "batch40-100", 0.02, "-strace") as run:
        run.create()
        shim, = daemon.shims()
        with oracle.Strace([daemon.pid, shim], tmp_path / "strace") as strace:
            run.go()
            facts, = run.wait_written()
            run.wait_logged()
        run.finish()
    written = facts.generator["stdout"]["bytes"]
    trace = strace.trace
    assert not trace.unknown
    fifo = [name for (pid, name, way) in trace.ends if pid == daemon.pid and way == "read"
            and name.endswith(f"{facts.id}-stdout")]
    assert len(fifo) == 1
    assert trace.end(shim, fifo[0], "write").bytes == written
    assert trace.end(daemon.pid, fifo[0], "read").bytes == written
    log = trace.end(daemon.pid, facts.log_path, "write")
    assert log.calls == facts.generator["stdout"]["lines"]
    assert log.bytes == Path(facts.log_path).stat().st_size
    pipes = [count.bytes for (pid, name, way), count in trace.ends.items()
             if pid == shim and way == "read" and name.startswith("pipe:") and count.bytes > 1000]
    assert pipes == [written]


def test_churn_leaves_nothing(daemon):
    """Short-lived containers are gone after their run, with their pods and shims."""
    before = set(daemon.shims())
    done = churn.run(daemon, 8, pods=2, prefix="churn-testbed")
    assert len({brief.id for brief in done}) == 8
    assert all(brief.bytes > 0 for brief in done)
    assert daemon.cri.list_containers() == []
    deadline = time.monotonic() + 10
    while set(daemon.shims()) - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(daemon.shims()) <= before


def test_killed_testbed_leaves_nothing(tmp_path_factory):
    """The supervisor cleans up when its user is killed outright, with pods running."""
    base = Path(tmp_path_factory.mktemp("killed", numbered=True))
    scripts = str(Path(cleanup.__file__).parents[1])
    command = ["/usr/bin/python3", "-B", "-m", "testbed.cli", "up", "--base", str(base),
               "--containerd", os.environ.get("SHIMSCOPE_CONTAINERD", "1.6")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "PYTHONPATH": scripts}) as user:
        daemon = json.loads(user.stdout.readline())["pid"]
        user.stdin.write("create stdout-stderr\n")
        user.stdin.flush()
        created = json.loads(user.stdout.readline())["created"]
        assert len(created) == 1
        assert proc.alive(daemon)
        shims = cleanup.shims(base)
        below = proc.descendants(shims)
        sockets = {path for pid in shims for path in proc.listening_paths(pid)
                   if path.startswith("/run/containerd/s/")}
        assert shims and below and sockets
        assert proc.mounts_below(base)
        user.kill()
        user.wait()
    deadline = time.monotonic() + 30
    while (base / cleanup.MARK).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(proc.alive(pid) for pid in [daemon, *shims, *below])
    assert proc.mounts_below(base) == []
    assert not any(os.path.exists(path) for path in sockets)
    name = cleanup.cgroup_parent(base).lstrip("/")
    assert not list(Path("/sys/fs/cgroup").glob(f"**/{name}"))


def test_two_daemons_side_by_side(daemon):
    """A second private containerd neither disturbs the first one nor cleans up after it."""
    with workload.start(daemon, "tty", 0.01, "-beside") as run:
        run.create()
        with Containerd(daemon.release.series) as other:
            assert other.pid != daemon.pid
            assert other.cri.list_containers() == []
        run.go()
        facts, = run.wait_written()
        run.wait_logged()
        run.finish()
    assert facts.exit_code == 0


def test_iocalls_counts_agree_with_its_design():
    """Prime counts, and what goes in comes out, in every case of the call generator."""
    done = subprocess.run([build.generator("iocalls")], input="\n\n", capture_output=True, text=True,
                          check=True)
    before, after = (json.loads(line) for line in done.stdout.splitlines())
    assert [e["inode"] for e in before["ends"]] == [e["inode"] for e in after["ends"]]
    assert all(e["calls"] == 0 for e in before["ends"])
    flows = {}
    for end in after["ends"]:
        flow = flows.setdefault(end["test"], {"read": 0, "write": 0})
        flow[end["direction"]] += end["bytes"] + end["moved_bytes"]
    for test, flow in flows.items():
        kind = test.split(":")[0]
        if kind == "eagain-write":
            assert flow["read"] == 0 < flow["write"]
        else:
            assert flow["read"] == flow["write"] > 0, test
