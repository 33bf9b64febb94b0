"""Builds what the testbed runs from: static generators and the CRI message classes."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from . import paths

GENERATORS = ("loggen", "iocalls")
PROTO = Path(__file__).with_name("cri.proto")
CFLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Wformat-signedness", "-Werror")


def _is_fresh(target: Path, source: Path) -> bool:
    return target.exists() and target.stat().st_mtime >= source.stat().st_mtime


def _place(produced: Path, target: Path) -> None:
    """Renames into place, so that a concurrent run never sees a half-written file."""
    os.replace(produced, target)


def generator(name: str) -> Path:
    """The static binary of tests/gen/<name>.c, compiled when it is missing or old."""
    target = paths.build_dir() / name
    if paths.is_prebuilt():
        if not target.exists():
            raise FileNotFoundError(f"{target}: not there, and SHIMSCOPE_TESTBED_BUILD forbids building")
        return target
    source = paths.SOURCE / "tests" / "gen" / f"{name}.c"
    if not _is_fresh(target, source):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as tmp:
            produced = Path(tmp) / name
            subprocess.run([os.environ.get("CC", "gcc"), *CFLAGS, "-static", "-pthread",
                            "-o", str(produced), str(source)], check=True)
            _place(produced, target)
    return target


def cri_messages() -> ModuleType:
    """The module generated from cri.proto, imported."""
    target = paths.build_dir() / "cri_pb2.py"
    if not paths.is_prebuilt() and not _is_fresh(target, PROTO):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as tmp:
            subprocess.run(["protoc", f"--proto_path={PROTO.parent}", f"--python_out={tmp}", PROTO.name],
                           check=True)
            _place(Path(tmp) / "cri_pb2.py", target)
    if "cri_pb2" not in sys.modules:
        spec = importlib.util.spec_from_file_location("cri_pb2", target)
        if spec is None or spec.loader is None:
            raise ImportError(f"{target}: cannot be imported")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules["cri_pb2"] = module
    return sys.modules["cri_pb2"]


def everything() -> Path:
    """Builds all, for a place without a compiler; returns the directory."""
    from . import image  # image needs this module

    for name in GENERATORS:
        generator(name)
    cri_messages()
    image.archive()
    return paths.build_dir()
