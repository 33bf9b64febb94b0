"""Fixtures of the end-to-end tests.

  SHIMSCOPE_CONTAINERD   release series of the private containerd (default 1.6)
  SHIMSCOPE_BIN          the binary (default: shimscope in make's output directory)
  SHIMSCOPE_BACKEND      backend to test (default auto)
  SHIMSCOPE_SCALE        size of the workloads (default 1; an emulated machine takes 0.05 or so)

Tests marked `native_only` cannot run in an emulated virtual machine: leave them out there with
-m 'not native_only'.
"""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

# Their assertions tell as much as those of the tests.
pytest.register_assert_rewrite("loads", "tool")

from testbed import paths  # noqa: E402
from testbed.containerd import Containerd, interruptible  # noqa: E402
from tool import Tool  # noqa: E402

# The quick ones first, those that a failure elsewhere would make pointless last.
ORDER = ("test_testbed", "test_cli", "test_map", "test_calls", "test_exact", "test_writers", "test_tiny_ring",
         "test_strace", "test_ctr_run", "test_execsync", "test_live", "test_capture", "test_churn",
         "test_startup")


def pytest_configure(config):
    """Markers."""
    config.addinivalue_line("markers", "native_only: cannot run in an emulated virtual machine")
    interruptible()


def pytest_collection_modifyitems(config, items):
    """Order."""
    del config
    items.sort(key=lambda item: ORDER.index(item.module.__name__) if item.module.__name__ in ORDER
               else len(ORDER))


@pytest.fixture(scope="session", autouse=True)
def root():
    """Everything here needs root."""
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests need root: run them with sudo", returncode=3)


@pytest.fixture(scope="session")
def daemon():
    """A private containerd for all tests."""
    with Containerd(os.environ.get("SHIMSCOPE_CONTAINERD", "1.6")) as started:
        yield started


@pytest.fixture(scope="session")
def binary() -> Path:
    """The shimscope to test; its absence is a failure, not a reason to skip."""
    path = Path(os.environ.get("SHIMSCOPE_BIN") or paths.output_dir() / "shimscope").resolve()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path}: not there; run make first", pytrace=False)
    return path


@pytest.fixture
def tool(binary, tmp_path) -> Tool:
    """shimscope, with a directory of its own for captures."""
    return Tool(binary, tmp_path, os.environ.get("SHIMSCOPE_BACKEND", "auto"))
