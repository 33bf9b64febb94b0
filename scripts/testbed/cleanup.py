"""Undoes whatever a private containerd left, from its base directory alone.

Works after any end, a kill -9 included, and touches only what belongs to that base directory: shims
started with its address, processes below them, mounts below it, its own cgroup, its shims' sockets.
"""

import hashlib
import json
import os
import time
from pathlib import Path

from . import proc

MARK = "shimscope-testbed"
CGROUP_ROOT = Path("/sys/fs/cgroup")


def mark(base: Path) -> None:
    """Marks a directory as one that clean() may clean."""
    (base / MARK).touch()


def address(base: Path) -> str:
    """The gRPC address of the containerd of a base directory."""
    return f"{base}/run/containerd.sock"


def cgroup_parent(base: Path) -> str:
    """The parent cgroup of its containers."""
    return f"/shimscope-{hashlib.sha256(str(base).encode()).hexdigest()[:12]}"


def shims(base: Path) -> list[int]:
    """Its running shims."""
    return proc.shims_of(address(base))


def _shim_sockets(base: Path, running: list[int]) -> set[Path]:
    """The shims' sockets: they lie outside of the base directory, in a place common to the machine."""
    found = {Path(path) for pid in running for path in proc.listening_paths(pid)}
    for bundle in (base / "state").glob("io.containerd.runtime.v2.task/*/*"):
        try:
            found.add(Path((bundle / "address").read_text().strip().removeprefix("unix://")))
        except OSError:
            pass
        try:
            text = json.loads((bundle / "bootstrap.json").read_text())["address"]
            found.add(Path(text.removeprefix("unix://")))
        except (OSError, ValueError, KeyError):
            pass
    return {path for path in found if path.parent == Path("/run/containerd/s")}


def _daemon(base: Path) -> list[int]:
    """The containerd that runs with this base directory's configuration."""
    config = f"{base}/config.toml"
    return [pid for pid in proc.pids()
            if (args := proc.cmdline(pid)) and os.path.basename(args[0]) == "containerd"
            and config in args and proc.alive(pid)]


def _remove_cgroups(base: Path) -> None:
    name = cgroup_parent(base).lstrip("/")
    parents = [CGROUP_ROOT / name, *(entry / name for entry in CGROUP_ROOT.iterdir() if entry.is_dir())]
    for top in parents:
        if not top.is_dir():
            continue
        directories = sorted((Path(where) for where, _, _ in os.walk(top)),
                             key=lambda path: len(path.parts), reverse=True)
        for directory in directories:
            for _ in range(50):
                try:
                    directory.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)  # its last process is still on its way out


def clean(base: Path) -> None:
    """Ends and removes all that a containerd with this base directory left; its files stay."""
    if not (base / MARK).exists():
        return
    proc.kill(_daemon(base))
    running = proc.shims_of(address(base), helpers=True)
    sockets = _shim_sockets(base, running)
    below = proc.descendants(running)
    # The shims last: they collect their containers' processes.
    proc.kill(below)
    proc.kill(running)
    for path in sockets:
        path.unlink(missing_ok=True)
    proc.unmount_below(base)
    if CGROUP_ROOT.is_dir():
        _remove_cgroups(base)
    (base / MARK).unlink(missing_ok=True)
