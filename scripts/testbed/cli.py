"""The testbed from a shell: python3 -m testbed.cli COMMAND (with scripts/ in PYTHONPATH)."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from . import build, churn, cleanup, releases, workload
from .containerd import Containerd, interruptible


def _print(value) -> None:
    print(json.dumps(value), flush=True)


def _facts(found: list[workload.Facts]) -> list[dict]:
    return [dataclasses.asdict(facts) for facts in found]


def _fetch(args) -> int:
    for series in args.series or [name for name in releases.RELEASES]:
        directory = releases.directory(series)
        _print({"series": series, "version": releases.version_of(directory), "directory": str(directory)})
    return 0


def _build(_args) -> int:
    print(build.everything())
    return 0


def _up(args) -> int:
    with Containerd(args.containerd, args.base, args.debug) as daemon:
        _print({"pid": daemon.pid, "version": daemon.version, "address": daemon.address,
                "state": str(daemon.state), "base": str(daemon.base), "config": str(daemon.config_path)})
        for line in sys.stdin:
            words = line.split()
            if not words:
                continue
            if words[0] == "quit":
                break
            try:
                _command(daemon, words)
            except (RuntimeError, ValueError, OSError, IndexError) as error:
                _print({"error": str(error)})
    return 0


RUNS: dict[str, workload.Run] = {}


def _command(daemon: Containerd, words: list[str]) -> None:
    """One line of `up`'s standard input."""
    verb, names = words[0], words[1:]
    if verb == "run":
        for name in names:
            with workload.start(daemon, name, suffix=f"-{len(RUNS)}") as run:
                RUNS[f"{name}-{len(RUNS)}"] = run
                _print({"workload": name, "containers": _facts(run.run())})
    elif verb == "create":
        for name in names:
            RUNS[name] = workload.start(daemon, name).create()
            _print({"workload": name, "created": [c.id for c in RUNS[name].containers]})
    elif verb == "go":
        for name in names:
            RUNS[name].go()
            RUNS[name].wait_written()
            RUNS[name].wait_logged()
            _print({"workload": name, "containers": _facts(RUNS[name].finish())})
    elif verb == "remove":
        for name in names:
            RUNS[name].remove()
    elif verb == "churn":
        _print({"churn": [dataclasses.asdict(brief) for brief in churn.run(daemon, int(names[0]))]})
    else:
        raise ValueError(f"'{verb}' is not known: run, create, go, remove, churn, quit")


def _run(args) -> int:
    names = args.workload or list(workload.WORKLOADS)
    with Containerd(args.containerd, args.base, args.debug) as daemon:
        for name in names:
            with workload.start(daemon, name) as run:
                _print({"workload": name, "containers": _facts(run.run())})
    return 0


def _list(_args) -> int:
    for load in workload.WORKLOADS.values():
        print(f"{load.name:16} {load.what}")
    return 0


def _down(args) -> int:
    cleanup.clean(args.base.resolve())
    return 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="testbed")
    commands = parser.add_subparsers(dest="command", required=True)

    fetch = commands.add_parser("fetch", help="download containerd releases into the cache")
    fetch.add_argument("series", nargs="*", help=f"of {', '.join(releases.RELEASES)}; default: all")
    fetch.set_defaults(run=_fetch)
    made = commands.add_parser("build", help="build generators, CRI messages and the image")
    made.set_defaults(run=_build)
    listed = commands.add_parser("list", help="list the workloads")
    listed.set_defaults(run=_list)
    for name, action, text in (
            ("up", _up, "keep a containerd running until standard input ends; lines there are commands: "
                        "run W…, create W…, go W…, remove W…, churn N, quit"),
            ("run", _run, "start a containerd, run workloads, print what was written, stop it")):
        sub = commands.add_parser(name, help=text)
        sub.add_argument("--base", type=Path, default=None, help="directory for everything; default: a new one")
        sub.add_argument("--containerd", default="1.6", help="release series (default 1.6)")
        sub.add_argument("--debug", action="store_true", help="debug logging")
        if name == "run":
            sub.add_argument("--workload", action="append", help="one of `list`; repeatable; default: all")
        sub.set_defaults(run=action)
    down = commands.add_parser("down", help="end and remove what a killed testbed left")
    down.add_argument("--base", type=Path, required=True)
    down.set_defaults(run=_down)

    args = parser.parse_args()
    interruptible()
    try:
        return args.run(args)
    except KeyboardInterrupt:
        return 130
    except (RuntimeError, ValueError, OSError) as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
