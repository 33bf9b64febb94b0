"""Where things are: the source tree, the cache of downloads, what is built for the testbed."""

import os
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]


def cache_dir() -> Path:
    """Downloads, kept between runs: SHIMSCOPE_CACHE, else below the user's cache directory."""
    own = os.environ.get("SHIMSCOPE_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "shimscope"


def output_dir() -> Path:
    """The build's output directory, the same as make's OUTPUT."""
    own = os.environ.get("OUTPUT")
    return Path(own).resolve() if own else SOURCE / ".output"


def build_dir() -> Path:
    """Where the generators, the CRI messages and the image are built.

    SHIMSCOPE_TESTBED_BUILD names a place where all of it lies ready (a virtual machine without a
    compiler); it is then used as it is.
    """
    own = os.environ.get("SHIMSCOPE_TESTBED_BUILD")
    return Path(own) if own else output_dir() / "testbed"


def is_prebuilt() -> bool:
    """True if build_dir() must be taken as it is."""
    return bool(os.environ.get("SHIMSCOPE_TESTBED_BUILD"))
