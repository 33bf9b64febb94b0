"""A private containerd: its configuration, its start, its end."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import cleanup, image, paths, releases
from .cri import Cri, CriError

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
# sun_path holds 108 bytes; the longest socket name below the base directory is this one.
LONGEST_SOCKET = "run/containerd.sock.ttrpc"


def _config_2(base: Path, debug: bool, extra: dict[str, str]) -> str:
    """Configuration version 2: containerd 1.4 to 1.7."""
    return f"""\
version = 2
root = "{base}/root"
state = "{base}/state"
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{base}/run/containerd.sock"
[ttrpc]
  address = "{base}/run/containerd.sock.ttrpc"
[debug]
  address = "{base}/run/debug.sock"
  level = "{'debug' if debug else 'info'}"
{extra.get("top", "")}
[plugins."io.containerd.internal.v1.opt"]
  path = "{base}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE a lower oom_score_adj cannot be set and no pod would start.
  restrict_oom_score_adj = true
  sandbox_image = "{image.NAME}"
{extra.get("cri", "")}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{base}/cni/bin"
    conf_dir = "{base}/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = "{base}/runc"
"""


def _config_3(base: Path, debug: bool, extra: dict[str, str]) -> str:
    """Configuration version 3: containerd 2.x."""
    return f"""\
version = 3
root = "{base}/root"
state = "{base}/state"
disabled_plugins = [
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{base}/run/containerd.sock"
[ttrpc]
  address = "{base}/run/containerd.sock.ttrpc"
[debug]
  address = "{base}/run/debug.sock"
  level = "{'debug' if debug else 'info'}"
{extra.get("top", "")}
[plugins."io.containerd.internal.v1.opt"]
  path = "{base}/opt"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{image.NAME}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
{extra.get("cri", "")}
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{base}/cni/bin"]
    conf_dir = "{base}/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      Root = "{base}/runc"
"""


class Containerd:
    """One private containerd, with all that it makes below one base directory.

    Use it as a context manager. A supervisor process stands between it and its user: it reaps what
    the shims leave behind, and it ends everything and cleans up when its user is gone, however that
    came about.

    extra_config: TOML lines, "top" for the file's top level tables and "cri" for the CRI plugin's table.
    """

    def __init__(self, version: str = "1.6", base_dir: Path | None = None, debug: bool = False,
                 extra_config: dict[str, str] | None = None):
        self.release = releases.release(version)
        self.tree = releases.directory(version)
        if base_dir is None:
            self.base = Path(tempfile.mkdtemp(prefix="shimscope-"))
        else:
            self.base = Path(base_dir).resolve()
        self.debug = debug
        self.extra_config = extra_config or {}
        self.pid = 0
        self._supervisor: subprocess.Popen | None = None
        self._cri: Cri | None = None
        longest = self.base / LONGEST_SOCKET
        if len(str(longest)) >= 108:
            raise ValueError(f"{longest}: too long for a socket's address")

    @property
    def address(self) -> str:
        """The gRPC socket."""
        return f"{self.base}/run/containerd.sock"

    @property
    def debug_address(self) -> str:
        """The debug (pprof) socket."""
        return f"{self.base}/run/debug.sock"

    @property
    def state(self) -> Path:
        """The state directory, in which the bundles are."""
        return self.base / "state"

    @property
    def config_path(self) -> Path:
        """The configuration file."""
        return self.base / "config.toml"

    @property
    def log_file(self) -> Path:
        """What containerd itself said."""
        return self.base / "containerd.log"

    @property
    def pods_dir(self) -> Path:
        """Where the pods' log directories are, as /var/log/pods is elsewhere."""
        return self.base / "pods"

    @property
    def cgroup_parent(self) -> str:
        """The cgroup that all of its containers are in."""
        return cleanup.cgroup_parent(self.base)

    @property
    def version(self) -> str:
        """The exact version, such as "1.6.20"."""
        return releases.version_of(self.tree)

    @property
    def cri(self) -> Cri:
        """The CRI client."""
        if self._cri is None:
            raise RuntimeError("containerd is not started")
        return self._cri

    def environment(self) -> dict[str, str]:
        """The environment for containerd and ctr: the matching shim and runc are found first."""
        env = dict(os.environ)
        env["PATH"] = f"{self.tree}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        # Set by an init system for its own child, not for this one.
        env.pop("NOTIFY_SOCKET", None)
        return env

    def start(self) -> "Containerd":
        """Starts containerd and returns when its CRI answers and the image is there."""
        if os.geteuid() != 0:
            raise PermissionError("containerd needs root: run it with sudo")
        cleanup.clean(self.base)
        for name in ("run", "root", "state", "pods", "cni/bin", "cni/net.d", "fifo"):
            (self.base / name).mkdir(parents=True, exist_ok=True)
        cleanup.mark(self.base)
        config = _config_3 if self.release.config_version == 3 else _config_2
        self.config_path.write_text(config(self.base, self.debug, self.extra_config))

        env = self.environment()
        env["PYTHONPATH"] = str(paths.SOURCE / "scripts")
        # pylint: disable-next=consider-using-with
        self._supervisor = subprocess.Popen(
            [sys.executable, "-B", "-m", "testbed.supervisor", str(self.base),
             str(self.tree / "usr/bin/containerd"), "--config", str(self.config_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, start_new_session=True)
        try:
            self.pid = self._read_pid()
            self._wait_ready()
            for namespace in ("k8s.io", "default"):
                self.ctr("images", "import", str(image.archive()), namespace=namespace)
        except BaseException:
            log = self.log_file.read_text(errors="replace")[-2000:] if self.log_file.exists() else ""
            self.stop(keep_files=False)
            if log:
                sys.stderr.write(log)
            raise
        return self

    def _read_pid(self) -> int:
        assert self._supervisor is not None and self._supervisor.stdout is not None
        ready, _, _ = select.select([self._supervisor.stdout], [], [], START_TIMEOUT_S)
        line = self._supervisor.stdout.readline() if ready else b""
        if not line:
            raise RuntimeError("the supervisor of containerd did not start")
        return json.loads(line)["pid"]

    def _wait_ready(self) -> None:
        """Waits until the socket takes connections and the CRI behind it answers."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            assert self._supervisor is not None
            if self._supervisor.poll() is not None:
                raise RuntimeError(f"containerd ended at once; its log: {self.log_file}")
            try:
                # Not left to grpc: it waits for seconds after a first attempt that fails.
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.address)
                if self._cri is None:
                    self._cri = Cri(self.address, self.release.cri_api)
                self._cri.version(deadline_s=1)
                return
            except (CriError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def ctr(self, *args: str, namespace: str = "default", timeout: float = 120) -> str:
        """Runs ctr and returns what it printed."""
        done = subprocess.run(self.ctr_command(*args, namespace=namespace), env=self.environment(),
                              capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"ctr {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def ctr_command(self, *args: str, namespace: str = "default") -> list[str]:
        """The command line of ctr for this containerd."""
        return [str(self.tree / "usr/bin/ctr"), "--address", self.address, "--namespace", namespace, *args]

    def shims(self) -> list[int]:
        """The pids of its running shims."""
        return cleanup.shims(self.base)

    def remove_pods(self) -> None:
        """Stops and removes all pods."""
        for container in self.cri.list_containers():
            try:
                self.cri.stop_container(container.id)
            except CriError:
                pass  # it ended by itself meanwhile
        for sandbox in self.cri.list_pod_sandboxes():
            self.cri.stop_pod_sandbox(sandbox)
            self.cri.remove_pod_sandbox(sandbox)

    def stop(self, keep_files: bool = False) -> None:
        """Removes all pods, ends containerd and cleans up; the base directory goes too unless kept."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is None:
            return
        try:
            if self._cri is not None:
                try:
                    self.remove_pods()
                except CriError:
                    pass  # the supervisor ends by force what is left
                self._cri.close()
                self._cri = None
        finally:
            assert supervisor.stdin is not None and supervisor.stdout is not None
            supervisor.stdin.close()
            try:
                supervisor.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                supervisor.wait()
            supervisor.stdout.close()
            cleanup.clean(self.base)
            if not keep_files:
                shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self) -> "Containerd":
        return self.start()

    def __exit__(self, *_exc) -> None:
        self.stop()


def interruptible() -> None:
    """Makes SIGTERM and SIGHUP unwind the stack as SIGINT does, so that context managers clean up."""
    def on_signal(signum, _frame):
        raise SystemExit(128 + signum)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGHUP, on_signal)
