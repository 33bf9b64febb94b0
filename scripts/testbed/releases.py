"""The containerd releases that the testbed knows, and how to get them without installing anything.

The Debian packages are downloaded with an apt of their own (own sources, lists and cache; the
machine's apt configuration is neither read nor changed) and unpacked into the cache.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import paths

MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Newer runc packages need a newer C library than Debian 12's; this one serves every containerd.
RUNC_SUITE = "bookworm"


@dataclass(frozen=True)
class Release:
    """One containerd series: the Debian suite that has it and what differs for its users."""

    series: str
    suite: str
    config_version: int
    cri_api: str = "runtime.v1"
    ctr_has_runc_root: bool = True


RELEASES = {
    release.series: release
    for release in (
        Release("1.4", "bullseye", 2, "runtime.v1alpha2", ctr_has_runc_root=False),
        Release("1.6", "bookworm", 2),
        Release("1.7", "trixie", 2),
        Release("2.1", "forky", 3),
    )
}


def release(series: str) -> Release:
    """The release named by its series, such as "1.6"."""
    try:
        return RELEASES[series]
    except KeyError:
        known = ", ".join(RELEASES)
        raise ValueError(f"containerd '{series}' is not known here, only {known}") from None


def _apt(state: Path, suite: str) -> list[str]:
    """apt-get's command line with everything private below state, for one suite."""
    sources = state / "sources.list"
    mirror = os.environ.get("SHIMSCOPE_DEBIAN_MIRROR", MIRROR)
    for name in ("lists/partial", "cache/archives/partial", "etc"):
        (state / name).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    sources.write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": state,
        "Dir::State::Lists": state / "lists",
        "Dir::State::Status": state / "status",
        "Dir::Cache": state / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
        "APT::Sandbox::User": "root",
    }
    return ["apt-get", "-q"] + [arg for key, value in options.items() for arg in ("-o", f"{key}={value}")]


def _unpack_packages(packages: list[str], suite: str, tmp: Path, into: Path) -> None:
    """Downloads packages of a suite and unpacks them."""
    apt = _apt(tmp / f"apt-{suite}", suite)
    debs = tmp / f"debs-{suite}"
    debs.mkdir()
    quiet = {"stdout": subprocess.DEVNULL}
    subprocess.run([*apt, "update"], check=True, **quiet)
    subprocess.run([*apt, "download", *packages], check=True, cwd=debs, **quiet)
    for deb in sorted(debs.iterdir()):
        subprocess.run(["dpkg", "-x", str(deb), str(into)], check=True)


def version_of(directory: Path) -> str:
    """What the containerd below directory calls itself, such as "1.6.20"."""
    out = subprocess.run([directory / "usr/bin/containerd", "--version"], check=True,
                         capture_output=True, text=True).stdout
    # "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1"
    return out.split()[2].lstrip("v").split("~")[0].split("+")[0]


def directory(series: str) -> Path:
    """The directory with usr/bin of a series; fetched first when it is not in the cache.

    SHIMSCOPE_CONTAINERD_DIR names a ready one for any series: either that directory itself has
    usr/bin/containerd, or its sub-directory named by the series.
    """
    wanted = release(series)
    ready = os.environ.get("SHIMSCOPE_CONTAINERD_DIR")
    if ready:
        for place in (Path(ready) / series, Path(ready)):
            if (place / "usr/bin/containerd").exists():
                return place
        raise FileNotFoundError(f"{ready}: no usr/bin/containerd (SHIMSCOPE_CONTAINERD_DIR)")

    target = paths.cache_dir() / "containerd" / series
    if (target / "usr/bin/containerd").exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{series}-") as name:
        tmp = Path(name)
        tree = tmp / "tree"
        tree.mkdir()
        if wanted.suite == RUNC_SUITE:
            _unpack_packages(["containerd", "runc"], wanted.suite, tmp, tree)
        else:
            _unpack_packages(["containerd"], wanted.suite, tmp, tree)
            _unpack_packages(["runc"], RUNC_SUITE, tmp, tree)
        found = version_of(tree)
        if not found.startswith(series + "."):
            raise RuntimeError(f"Debian {wanted.suite} has containerd {found}, not {series}")
        shutil.rmtree(tree / "usr/share", ignore_errors=True)
        try:
            tree.rename(target)
        except OSError:
            # Another run was quicker; what it made is as good.
            if not (target / "usr/bin/containerd").exists():
                raise
    return target
