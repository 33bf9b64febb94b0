"""Pods, containers and the standard log workloads, with the exact count of what was written.

A workload is started in steps, so that a tracer or an oracle can be attached at the right moment:
create (all containers run, none writes), go (they write), wait_written, finish (they exit).
"""

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import image
from .containerd import Containerd
from .cri import EXITED, NODE

WRITE_TIMEOUT_S = 300
EXIT_TIMEOUT_S = 60
POLL_S = 0.02
REPORT_DIR = "/report"


def scale() -> float:
    """The size of workloads relative to the standard ones: SHIMSCOPE_SCALE, 1 unless set."""
    return float(os.environ.get("SHIMSCOPE_SCALE", "1"))


def next_prime(number: int) -> int:
    """The smallest prime that is not below number: a prime count cannot come about by chance."""
    candidate = max(number, 2)
    while any(candidate % d == 0 for d in range(2, int(candidate**0.5) + 1)):
        candidate += 1
    return candidate


@dataclass(frozen=True)
class Gen:
    """What a generator writes. lines is the standard size, before scaling."""

    lines: int
    line_size: int = 100
    batch: int = 1
    rate: int = 0
    stream: str = "stdout"  # stdout, stderr or both

    def scaled(self, factor: float) -> "Gen":
        """The same shape with other sizes; a rate is scaled too, so that the duration stays."""
        rate = max(10, int(self.rate * factor)) if self.rate and factor < 1 else self.rate
        return Gen(next_prime(max(7, int(self.lines * factor))), self.line_size, self.batch, rate,
                   self.stream)

    def command(self, report: str, extra: list[str] | None = None) -> list[str]:
        """The generator's command line."""
        args = ["/bin/loggen", "--lines", str(self.lines), "--line-size", str(self.line_size),
                "--batch", str(self.batch), "--rate", str(self.rate), "--report", report]
        if self.stream != "stdout":
            args.append(f"--{self.stream}")
        return args + (extra or [])


@dataclass(frozen=True)
class Workload:
    """A named load: one generator a container, all in one pod."""

    name: str
    what: str
    gens: tuple[Gen, ...]
    kind: str = "cri"  # cri, ctr or exec
    tty: bool = False


WORKLOADS = {
    load.name: load
    for load in (
        Workload("rate-100", "100 B lines, one a write, 1,000 a second", (Gen(2003, rate=1000),)),
        Workload("batch40-100", "100 B lines, 40 a write, flat out", (Gen(100003, batch=40),)),
        Workload("lines-37", "37 B lines, 40 a write, flat out", (Gen(100003, line_size=37, batch=40),)),
        Workload("lines-16k", "16 KiB lines, one a write", (Gen(1009, line_size=16384),)),
        Workload("lines-64k", "64 KiB lines, one a write", (Gen(251, line_size=65536),)),
        Workload("stdout-stderr", "stdout and stderr in turn, 20 lines a write",
                 (Gen(40009, batch=20, stream="both"),)),
        Workload("two-containers", "a pod of two containers, 40 lines a write",
                 (Gen(30011, batch=40), Gen(20011, batch=40, line_size=200))),
        Workload("tty", "a container with a terminal, 10 lines a write", (Gen(5003, batch=10),), tty=True),
        Workload("ctr-run", "ctr run: no CRI, ctr itself reads the FIFO", (Gen(20011, batch=20),), kind="ctr"),
        Workload("execsync", "ExecSync: the same bytes over FIFO and gRPC", (Gen(20011, batch=40),),
                 kind="exec"),
    )
}


class Container:
    """One container of a pod: created, started, its report and its log file."""

    def __init__(self, pod: "Pod", name: str, command: list[str], tty: bool = False, attempt: int = 0):
        self.pod = pod
        self.name = name
        self.tty = tty
        self.report_dir = pod.report_root / name
        self.report_dir.mkdir(parents=True, exist_ok=True)
        relative = f"{name}/{attempt}.log"
        (pod.log_directory / name).mkdir(parents=True, exist_ok=True)
        messages = pod.cri.messages
        config = messages.ContainerConfig(
            metadata=messages.ContainerMetadata(name=name, attempt=attempt),
            image=messages.ImageSpec(image=image.NAME), command=command, log_path=relative, tty=tty,
            mounts=[messages.Mount(container_path=REPORT_DIR, host_path=str(self.report_dir))],
            linux=messages.LinuxContainerConfig(
                security_context=messages.LinuxContainerSecurityContext(
                    namespace_options=messages.NamespaceOption(network=NODE))))
        self.log_path = pod.log_directory / relative
        self.id = pod.cri.create_container(pod.id, config, pod.config)

    def start(self) -> None:
        """Starts the container's process."""
        self.pod.cri.start_container(self.id)

    def signal_file(self, name: str) -> None:
        """Creates a file that the generator waits for."""
        (self.report_dir / name).touch()

    def report(self, name: str = "report.json", timeout: float = WRITE_TIMEOUT_S) -> dict:
        """The generator's report, waited for."""
        return wait_report(self.report_dir / name, timeout)

    def wait_exit(self, timeout: float = EXIT_TIMEOUT_S) -> int:
        """Waits until the container's process ended; returns its exit code."""
        deadline = time.monotonic() + timeout
        while True:
            status = self.pod.cri.container_status(self.id)
            if status.state == EXITED:
                return status.exit_code
            if time.monotonic() > deadline:
                raise TimeoutError(f"container {self.name} of pod {self.pod.name} does not end")
            time.sleep(POLL_S)

    def remove(self) -> None:
        """Stops and removes the container."""
        self.pod.cri.stop_container(self.id)
        self.pod.cri.remove_container(self.id)


class Pod:
    """A pod on the node's own network, so that no CNI is needed."""

    def __init__(self, daemon: Containerd, name: str, namespace: str = "shimscope"):
        self.cri = daemon.cri
        self.name, self.namespace = name, namespace
        self.uid = f"uid-{name}"
        self.log_directory = daemon.pods_dir / f"{namespace}_{name}_{self.uid}"
        # A log file is appended to: what a pod of the same name left would be counted again.
        if self.log_directory.exists():
            raise FileExistsError(f"{self.log_directory}: a pod of this name was here before")
        self.log_directory.mkdir(parents=True)
        self.report_root = daemon.base / "reports" / f"{namespace}_{name}"
        self.containers: list[Container] = []
        messages = self.cri.messages
        # No host name: the node's own UTS namespace must not be renamed.
        self.config = messages.PodSandboxConfig(
            metadata=messages.PodSandboxMetadata(name=name, uid=self.uid, namespace=namespace),
            log_directory=str(self.log_directory),
            linux=messages.LinuxPodSandboxConfig(
                cgroup_parent=daemon.cgroup_parent,
                security_context=messages.LinuxSandboxSecurityContext(
                    namespace_options=messages.NamespaceOption(network=NODE))))
        self.id = self.cri.run_pod_sandbox(self.config)

    def container(self, name: str, command: list[str], tty: bool = False) -> Container:
        """Creates a container in this pod."""
        made = Container(self, name, command, tty)
        self.containers.append(made)
        return made

    def remove(self) -> None:
        """Stops and removes the pod and its containers."""
        for container in self.containers:
            self.cri.stop_container(container.id)
        self.cri.stop_pod_sandbox(self.id)
        self.cri.remove_pod_sandbox(self.id)


def wait_report(path: Path, timeout: float = WRITE_TIMEOUT_S) -> dict:
    """Waits for a generator's report and reads it."""
    deadline = time.monotonic() + timeout
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path}: the generator wrote no report")
        time.sleep(POLL_S)
    return json.loads(path.read_text())


@dataclass
class Facts:
    """What is known of one container's output, from the generator and the node's own files."""

    name: str
    id: str
    pod: str | None
    pod_namespace: str | None
    sandbox: str | None
    log_path: str | None
    tty: bool
    generator: dict
    exit_code: int | None = None
    received: dict = field(default_factory=dict)  # bytes that the reader at the far end got, by stream

    def written(self, stream: str) -> int:
        """Bytes that reach the shim on a stream; a terminal adds a carriage return to each line."""
        if not self.tty:
            return self.generator[stream]["bytes"]
        if stream == "stderr":
            return 0
        return sum(self.generator[s]["bytes"] + self.generator[s]["lines"] for s in ("stdout", "stderr"))


class Run:
    """A workload under way. A context manager: what it started is removed."""

    def __init__(self, daemon: Containerd, name: str, factor: float | None = None, suffix: str = ""):
        self.daemon = daemon
        self.load = WORKLOADS[name]
        factor = scale() if factor is None else factor
        self.gens = [gen.scaled(factor) for gen in self.load.gens]
        self.pod_name = name + suffix
        self.pod: Pod | None = None
        self.containers: list[Container] = []
        self._facts: list[Facts] = []

    def create(self) -> "Run":
        """Starts everything; nothing writes yet."""
        self.pod = Pod(self.daemon, self.pod_name)
        hold = ["--start-file", f"{REPORT_DIR}/go", "--hold-file", f"{REPORT_DIR}/exit"]
        for number, gen in enumerate(self.gens):
            container = self.pod.container(f"c{number}", gen.command(f"{REPORT_DIR}/report.json", hold),
                                           self.load.tty)
            container.start()
            self.containers.append(container)
        return self

    def go(self) -> None:
        """Lets the generators write."""
        for container in self.containers:
            container.signal_file("go")

    def wait_written(self) -> list[Facts]:
        """Waits until every generator has written all; the containers still run."""
        assert self.pod is not None
        self._facts = [
            Facts(c.name, c.id, self.pod.name, self.pod.namespace, self.pod.id, str(c.log_path), c.tty,
                  c.report())
            for c in self.containers]
        return self._facts

    def wait_logged(self, timeout: float = WRITE_TIMEOUT_S) -> None:
        """Waits until containerd has written the log files: until they hold all lines written."""
        deadline = time.monotonic() + timeout
        for facts in self._facts:
            if facts.log_path is None:
                continue
            wanted = sum(facts.generator[s]["lines"] for s in ("stdout", "stderr"))
            while count_complete_lines(Path(facts.log_path)) < wanted:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{facts.log_path}: lines are missing")
                time.sleep(POLL_S)

    def finish(self) -> list[Facts]:
        """Lets the containers exit and waits for it."""
        for container in self.containers:
            container.signal_file("exit")
        for container, facts in zip(self.containers, self._facts):
            facts.exit_code = container.wait_exit()
        return self._facts

    def run(self) -> list[Facts]:
        """All steps."""
        self.create()
        self.go()
        self.wait_written()
        self.wait_logged()
        return self.finish()

    def remove(self) -> None:
        """Removes the pod."""
        if self.pod is not None:
            self.pod.remove()
            self.pod = None

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_exc) -> None:
        self.remove()


class CtrRun(Run):
    """A container of `ctr run`: ctr reads the FIFOs, and this process reads ctr's output."""

    def __init__(self, daemon: Containerd, name: str = "ctr-run", factor: float | None = None,
                 suffix: str = ""):
        super().__init__(daemon, name, factor, suffix)
        self.id = f"ctr-{self.pod_name}"
        self.report_dir = daemon.base / "reports" / self.id
        self.process: subprocess.Popen | None = None
        self._threads: list[threading.Thread] = []
        self._received: dict[str, int] = {}
        self._said = b""

    def create(self) -> "CtrRun":
        self.report_dir.mkdir(parents=True)
        hold = ["--start-file", f"{REPORT_DIR}/go", "--hold-file", f"{REPORT_DIR}/exit"]
        runc_root = ["--runc-root", str(self.daemon.base / "runc-ctr")]
        command = self.daemon.ctr_command(
            "run", "--rm", "--fifo-dir", str(self.daemon.base / "fifo"),
            *(runc_root if self.daemon.release.ctr_has_runc_root else []),
            "--cgroup", f"{self.daemon.cgroup_parent}/{self.id}",
            "--mount", f"type=bind,src={self.report_dir},dst={REPORT_DIR},options=rbind:rw",
            image.NAME, self.id, *self.gens[0].command(f"{REPORT_DIR}/report.json", hold))
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(command, env=self.daemon.environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for stream in ("stdout", "stderr"):
            thread = threading.Thread(target=self._drain, args=(stream,), daemon=True)
            thread.start()
            self._threads.append(thread)
        deadline = time.monotonic() + EXIT_TIMEOUT_S
        while self.id not in self.daemon.ctr("tasks", "list", "-q").split():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ctr run {self.id} does not start: {self._said.decode(errors='replace')}")
            time.sleep(POLL_S)
        return self

    def _drain(self, stream: str) -> None:
        assert self.process is not None
        pipe = getattr(self.process, stream)
        total = 0
        while chunk := os.read(pipe.fileno(), 1 << 16):
            total += len(chunk)
            if stream == "stderr":
                self._said = (self._said + chunk)[-1000:]
        self._received[stream] = total

    def go(self) -> None:
        (self.report_dir / "go").touch()

    def wait_written(self) -> list[Facts]:
        self._facts = [Facts(self.id, self.id, None, None, None, None, False,
                             wait_report(self.report_dir / "report.json"))]
        return self._facts

    def finish(self) -> list[Facts]:
        assert self.process is not None
        (self.report_dir / "exit").touch()
        self._facts[0].exit_code = self.process.wait(EXIT_TIMEOUT_S)
        for thread in self._threads:
            thread.join(EXIT_TIMEOUT_S)
        self._facts[0].received = dict(self._received)
        return self._facts

    def remove(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            self.daemon.ctr("tasks", "kill", "-s", "SIGKILL", self.id)
            process.wait(EXIT_TIMEOUT_S)
        for thread in self._threads:
            thread.join(EXIT_TIMEOUT_S)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stderr.close()


class ExecRun(Run):
    """A CRI ExecSync that returns a bulk of output; the container itself writes nothing."""

    def __init__(self, daemon: Containerd, name: str = "execsync", factor: float | None = None,
                 suffix: str = ""):
        super().__init__(daemon, name, factor, suffix)
        self._received: dict[str, int] = {}

    def create(self) -> "ExecRun":
        self.pod = Pod(self.daemon, self.pod_name)
        container = self.pod.container("c0", ["/bin/loggen", "--hold-file", f"{REPORT_DIR}/exit"])
        container.start()
        self.containers.append(container)
        return self

    def go(self) -> None:
        reply = self.containers[0].pod.cri.exec_sync(
            self.containers[0].id, self.gens[0].command(f"{REPORT_DIR}/report.json"))
        if reply.exit_code != 0:
            raise RuntimeError(f"exec ended with {reply.exit_code}: {reply.stderr!r}")
        self._received = {"stdout": len(reply.stdout), "stderr": len(reply.stderr)}

    def wait_written(self) -> list[Facts]:
        super().wait_written()
        self._facts[0].received = self._received
        return self._facts

    def wait_logged(self, timeout: float = WRITE_TIMEOUT_S) -> None:
        """Nothing of it goes to a log file."""


def start(daemon: Containerd, name: str, factor: float | None = None, suffix: str = "") -> Run:
    """A run of a standard workload, not created yet."""
    if name not in WORKLOADS:
        raise ValueError(f"workload '{name}' is not known, only {', '.join(WORKLOADS)}")
    kinds = {"cri": Run, "ctr": CtrRun, "exec": ExecRun}
    return kinds[WORKLOADS[name].kind](daemon, name, factor, suffix)


def count_complete_lines(path: Path) -> int:
    """Lines of the container that a CRI log file holds whole: its records with the tag F."""
    count = 0
    try:
        with open(path, "rb") as file:
            for record in file:
                # The last one may be on its way.
                if record.endswith(b"\n") and record.split(b" ", 3)[2] == b"F":
                    count += 1
    except FileNotFoundError:
        pass
    return count
