"""Runs one containerd: python3 -m testbed.supervisor BASE COMMAND…

Prints {"pid": N} once it runs. Ends containerd, and all that it left, as soon as standard input is
closed, so also when the process at its other end was killed. Meanwhile it reaps orphaned shims.
"""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from . import cleanup, proc

STOP_S = 10


def main() -> int:
    """The supervisor's life."""
    base, command = Path(sys.argv[1]), sys.argv[2:]
    proc.become_subreaper()
    # The terminal's ^C is for the user's own process, whose end is then seen here. A handler, not
    # SIG_IGN: containerd would inherit that.
    for sig in (signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, lambda *_: None)
    wake_r, wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_w)
    stop = False

    def on_term(_sig, _frame):
        nonlocal stop
        stop = True

    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, on_term)

    with open(base / "containerd.log", "ab") as log:
        # pylint: disable-next=consider-using-with
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    print(json.dumps({"pid": daemon.pid}), flush=True)

    while not stop and daemon.poll() is None:
        ready, _, _ = select.select([0, wake_r], [], [])
        if wake_r in ready:
            os.read(wake_r, 4096)
            orphans = set(_children()) - {daemon.pid}
            proc.reap(orphans)
        if 0 in ready and not os.read(0, 4096):
            stop = True

    if daemon.poll() is None:
        daemon.terminate()
        try:
            daemon.wait(STOP_S)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    cleanup.clean(base)
    proc.reap()
    return 0


def _children() -> list[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in text.split()]


if __name__ == "__main__":
    sys.exit(main())
