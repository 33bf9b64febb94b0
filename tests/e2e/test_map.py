"""map: who holds which end of which channel, without tracing."""

import os

from loads import label

from testbed import workload


def holders(channel: dict, pid: int) -> list[dict]:
    """A process's open files of a channel."""
    return [holder for holder in channel["holders"] if holder["pid"] == pid]


def fds_of(pid: int, path: str) -> set[int]:
    """The file descriptors of a process that lead to a path, by procfs."""
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}") == path:
                found.add(int(name))
        except OSError:
            pass
    return found


def test_who_holds_what(tool, daemon):
    """A container's FIFOs, its shim's log FIFO, its sockets and log file, against procfs."""
    with workload.start(daemon, "stdout-stderr", 0.01, label()) as run:
        run.create()
        shim, = daemon.shims()
        found = tool.json("map", "--format", "json", "--address", daemon.address)
        container = run.containers[0]
        fifos = {channel["stream"]: channel for channel in found["channels"]
                 if channel["role"] == "container-log" and channel["container"] == container.id}
        assert set(fifos) == {"stdout", "stderr"}
        for stream, channel in fifos.items():
            assert channel["transport"] == "fifo"
            assert channel["path"].endswith(f"{container.id}-{stream}")
            for pid, process in ((shim, "shim"), (daemon.pid, "containerd")):
                mine = holders(channel, pid)
                assert {holder["fd"] for holder in mine} == fds_of(pid, channel["path"]) != set()
                assert {holder["process"] for holder in mine} == {process}
        own, = [channel for channel in found["channels"] if channel["role"] == "shim-log"
                and channel["path"] == str(daemon.state / "io.containerd.runtime.v2.task/k8s.io"
                                           / run.pod.id / "log")]
        assert {holder["fd"] for holder in holders(own, shim)} == fds_of(shim, own["path"]) != set()
        assert {holder["fd"] for holder in holders(own, daemon.pid)} == fds_of(daemon.pid, own["path"]) != set()

        log, = [channel for channel in found["channels"] if channel["role"] == "log-file"
                and channel["path"] == str(container.log_path)]
        assert {holder["fd"] for holder in holders(log, daemon.pid)} == fds_of(daemon.pid, log["path"])

        outputs = [channel for channel in found["channels"] if channel["role"] == "container-output"
                   and channel["container"] == container.id]
        assert {channel["stream"] for channel in outputs} == {"stdout", "stderr"}
        for channel in outputs:
            assert channel["transport"] == "pipe"
            assert holders(channel, shim)

        tasks = [channel for channel in found["channels"] if channel["role"] == "ttrpc-task"
                 and holders(channel, shim)]
        assert tasks
        assert all(channel["transport"] == "unix-stream" for channel in tasks)
        assert any(holders(channel, daemon.pid) for channel in tasks)

        shown = tool.run("map", "--address", daemon.address)
        assert shown.status == 0, shown.err
        for word in (container.id[:12], run.pod.name, str(shim), str(daemon.pid)):
            assert word in shown.out
        run.go()
        run.wait_written()
        run.wait_logged()
        run.finish()


def test_map_leaves_the_fifos_alone(tool, daemon):
    """The number of open ends is the same before, during and after; the log is whole."""
    with workload.start(daemon, "batch40-100", 0.05 * workload.scale(), label()) as run:
        run.create()
        shim, = daemon.shims()
        before = {pid: set(os.listdir(f"/proc/{pid}/fd")) for pid in (shim,)}
        run.go()
        for _ in range(3):
            assert tool.run("map", "--address", daemon.address).status == 0
        run.wait_written()
        run.wait_logged()
        assert {pid: set(os.listdir(f"/proc/{pid}/fd")) for pid in (shim,)} == before
        facts, = run.finish()
        assert facts.exit_code == 0


def test_selection(tool, daemon):
    """--container and --pod select a shim, and so a pod; the others are left out."""
    with (workload.start(daemon, "two-containers", 0.01, label()) as run,
          workload.start(daemon, "tty", 0.01, label()) as other):
        run.create()
        other.create()
        mine = {container.id for container in run.containers}
        foreign = other.containers[0].id
        for selection in (("--container", run.containers[1].id[:16]), ("--pod", run.pod.name),
                          ("--pod", f"{run.pod.namespace}/{run.pod.name}")):
            found = tool.json("map", "--format", "json", "--address", daemon.address, *selection)
            shims = {holder["pid"] for channel in found["channels"] for holder in channel["holders"]
                     if holder["process"] == "shim"}
            assert len(shims) == 1
            logs = {channel["container"] for channel in found["channels"]
                    if channel["role"] == "container-log" and any(holders(channel, pid) for pid in shims)}
            assert logs == mine
            assert foreign not in logs
        for each in (run, other):
            each.go()
            each.wait_written()
            each.wait_logged()
            each.finish()
