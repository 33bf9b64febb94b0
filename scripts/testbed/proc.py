"""What the testbed must know of processes and mounts, from procfs."""

import ctypes
import os
import signal
import time
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Orphans below this process become its children, so that it can reap them."""
    if _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def pids() -> list[int]:
    """All processes now."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def cmdline(pid: int) -> list[str]:
    """A process's arguments; empty when it is gone or a zombie."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [arg.decode(errors="replace") for arg in raw.split(b"\0")[:-1]]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, ppid, …; empty when gone."""
    try:
        raw = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return raw.rpartition(")")[2].split()


def alive(pid: int) -> bool:
    """True if the process runs; a zombie that waits for its parent does not."""
    fields = _stat(pid)
    return bool(fields) and fields[0] not in "ZX"


def descendants(roots: list[int]) -> list[int]:
    """All live processes below the given ones, not themselves, deepest last."""
    children: dict[int, list[int]] = {}
    for pid in pids():
        fields = _stat(pid)
        if fields and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(pid)
    found, queue = [], list(roots)
    while queue:
        for child in children.get(queue.pop(0), []):
            found.append(child)
            queue.append(child)
    return found


def send(pid: int, sig: int) -> None:
    """Sends a signal; a process that is gone is fine."""
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def wait_gone(targets: list[int], timeout: float) -> list[int]:
    """Waits until the processes ended; returns those that did not."""
    deadline = time.monotonic() + timeout
    left = [pid for pid in targets if alive(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.01)
        left = [pid for pid in left if alive(pid)]
    return left


def kill(targets: list[int], timeout: float = 10) -> None:
    """Kills processes, waits until they ended, and collects those that are children by now.

    Collecting must not wait for the end: a PID namespace's first process ends only when all others
    of the namespace were collected.
    """
    for pid in targets:
        send(pid, signal.SIGKILL)
    deadline = time.monotonic() + timeout
    while True:
        reap(set(targets))
        left = wait_gone(targets, 0.02)
        if not left or time.monotonic() > deadline:
            break
    if left:
        raise TimeoutError(f"processes {left} survive SIGKILL")


def reap(known: set[int] | None = None) -> None:
    """Collects ended children that nobody waits for (of those known, if given), without blocking."""
    if known is None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
    for pid in known:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass


def shims_of(address: str, helpers: bool = False) -> list[int]:
    """The running shims that belong to the containerd with this gRPC address.

    With helpers also the short-lived `shim start` and `shim delete`.
    """
    found = {}
    for pid in pids():
        args = cmdline(pid)
        if args and "containerd-shim" in os.path.basename(args[0]) and address in args:
            fields = _stat(pid)
            if fields and fields[0] not in "ZX" and (helpers or args[-1] not in ("start", "delete")):
                found[pid] = int(fields[1])
    # A child that has not called exec yet looks like its parent.
    return [pid for pid, parent in found.items() if helpers or parent not in found]


def listening_paths(pid: int) -> set[str]:
    """The paths of UNIX sockets that a process holds and that have a name."""
    inodes = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[len("socket:["):-1])
        table = Path(f"/proc/{pid}/net/unix").read_text()
    except OSError:
        return set()
    found = set()
    for line in table.splitlines()[1:]:
        # Num RefCount Protocol Flags Type St Inode Path
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and fields[6] in inodes and fields[7].startswith("/"):
            found.add(fields[7])
    return found


def mounts_below(directory: Path) -> list[str]:
    """Mount points in or below a directory, the newest first."""
    prefix = str(directory)
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # The kernel writes blanks and the like as octal escapes.
        point = line.split()[4].encode().decode("unicode_escape")
        if point == prefix or point.startswith(prefix + "/"):
            found.append(point)
    return found[::-1]


def unmount_below(directory: Path) -> None:
    """Unmounts everything in and below a directory."""
    for point in mounts_below(directory):
        if _LIBC.umount2(point.encode(), 0) != 0:
            mnt_detach = 2
            if _LIBC.umount2(point.encode(), mnt_detach) != 0:
                raise OSError(ctypes.get_errno(), f"umount {point}")
