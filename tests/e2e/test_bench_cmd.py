"""The bench: what it measures, what it says it is, how it ends."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from loads import midway

TRANSPORTS = {("pipe", "raw"), ("fifo", "raw"), ("unix-stream", "raw"), ("unix-seqpacket", "raw"),
              ("unix-stream", "ttrpc")}
SPREADS = ("cpu_ns_per_message", "producer_cpu_ns_per_message", "consumer_cpu_ns_per_message",
           "wall_ns_per_message", "cpu_ns_per_byte", "wall_ns_per_byte", "writes_per_message",
           "reads_per_message")


def cells(size: dict) -> dict:
    """The transports of a size by name and protocol."""
    found = {(cell["transport"], cell["protocol"]): cell for cell in size["transports"]}
    assert len(found) == len(size["transports"])
    return found


def is_prime(number: int) -> bool:
    """By trial."""
    return number > 1 and all(number % divisor for divisor in range(2, int(number ** 0.5) + 1))


def check(result: dict) -> dict:
    """What is true of every result. Returns the sizes that were not measured for the crossover alone."""
    assert (result["schema"], result["kind"], result["synthetic"]) == ("shimscope/1", "bench", True)
    assert result["host"]["kernel"] == os.uname().release
    assert result["host"]["cpus"] == os.sysconf("SC_NPROCESSORS_ONLN")
    assert result["repetitions"] >= 1
    assert result["complete"] is (result["repetitions"] == result["repetitions_wanted"])
    sizes = [size["size"] for size in result["sizes"]]
    assert sizes == sorted(set(sizes))
    for size in result["sizes"]:
        found = cells(size)
        if size["origin"] == "crossover":
            assert set(found) == {("fifo", "raw"), ("unix-stream", "raw")}
        else:
            assert set(found) == TRANSPORTS
        for cell in found.values():
            assert is_prime(cell["messages"])
            assert cell["bytes"] == cell["messages"] * size["size"]
            for member in SPREADS:
                spread = cell[member]
                assert 0 < spread["min"] <= spread["median"] <= spread["max"], (size, member)
            message, byte = cell["cpu_ns_per_message"]["median"], cell["cpu_ns_per_byte"]["median"]
            assert byte * size["size"] == pytest.approx(message)
            writes = 2 if cell["protocol"] == "ttrpc" and size["size"] + 10 > 4096 else 1
            assert cell["writes_per_message"]["median"] == writes
        if size["origin"] != "crossover":
            assert found["unix-seqpacket", "raw"]["reads_per_message"]["max"] == 1
    return {size["size"]: cells(size) for size in result["sizes"] if size["origin"] != "crossover"}


def cpu(cell: dict) -> float:
    """Median CPU time of a message."""
    return cell["cpu_ns_per_message"]["median"]


def no_leftovers() -> None:
    """Nothing of the FIFOs."""
    for place in ("/run", "/tmp"):
        assert not list(Path(place).glob("shimscope-bench-*")), place


@pytest.mark.native_only
def test_default(tool):
    """Three sizes over five transports; FIFO and UNIX stream cross over in between."""
    begin = time.monotonic()
    result = tool.json("bench", "--format", "json")
    assert time.monotonic() - begin < 30
    sizes = check(result)
    assert set(sizes) == {100, 4096, 32768}
    assert result["repetitions"] == 7
    allowed = os.sched_getaffinity(0)
    assert result["pinned"] == {"cpus": "same", "producer": max(allowed), "consumer": max(allowed)}
    # A FIFO is a pipe with an inode that has times; the socket's cost of a small message is its buffers.
    for size in sizes.values():
        assert 0.4 < cpu(size["fifo", "raw"]) / cpu(size["pipe", "raw"]) < 4
    assert cpu(sizes[100]["unix-stream", "raw"]) > cpu(sizes[100]["fifo", "raw"])
    # A large message costs more than a small one, but not a byte of it.
    for name in TRANSPORTS:
        small, large = sizes[100][name], sizes[32768][name]
        assert cpu(large) > cpu(small)
        assert large["cpu_ns_per_byte"]["median"] < small["cpu_ns_per_byte"]["median"]
    crossover = result["crossover"]
    assert crossover["derived"] is True
    if result["crossover_bytes"] is None:
        assert crossover["crossings"] == 0
    else:
        assert crossover["crossings"] >= 1
        below, above = crossover["measured_below"], crossover["measured_above"]
        assert {below, above} <= {size["size"] for size in result["sizes"]}
        assert below <= result["crossover_bytes"] <= above
        differences = {size["size"]: cpu(cells(size)["fifo", "raw"]) - cpu(cells(size)["unix-stream", "raw"])
                       for size in result["sizes"]}
        assert (differences[below] > 0) != (differences[above] > 0)
    assert result["from"] is None
    no_leftovers()


def test_text(tool):
    """Labelled, and what it says of the crossover; one CPU each where there are two."""
    separate = len(os.sched_getaffinity(0)) > 1
    done = tool.run("bench", "--size", "100", *(["--cpus", "separate"] if separate else []))
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("SYNTHETIC calibration of ")
    assert "Crossover (derived, synthetic)" in done.out
    assert "do not cross over" in done.out
    for name in ("pipe", "fifo", "unix-stream", "unix-seqpacket", "unix-stream ttrpc"):
        assert any(f" {name} " in line for line in done.out.splitlines()), name
    if separate:
        allowed = os.sched_getaffinity(0)
        assert f"pinned to CPU {min(allowed)} and a consumer pinned to CPU {max(allowed)}" in done.out


def test_unprivileged(tool):
    """Anyone may; nothing is written but to standard output."""
    with tempfile.TemporaryDirectory(prefix="bench-nobody-") as directory:
        # Where the program lies, others may not be allowed to look.
        os.chmod(directory, 0o755)
        copy = shutil.copy(tool.binary, directory)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, "bench",
                               "--size", "777", "--format", "json"],
                              cwd="/", capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(check(json.loads(done.stdout))) == {777}
    no_leftovers()


@pytest.mark.parametrize("args, word", [
    (("--repetitions", "6"), "6"),
    (("--repetitions", "many"), "many"),
    (("--size", "0"), "0"),
    (("--size", "32769"), "32769"),
    (("--size", "-5"), "-5"),
    (("--cpus", "both"), "both"),
    (("--format", "csv"), "csv"),
    (("100",), "100"),
])
def test_usage(tool, args, word):
    """One line that names what is wrong."""
    done = tool.run("bench", *args)
    assert (done.status, done.out, len(done.err_lines)) == (2, "", 1), done
    assert f"'{word}'" in done.err


def test_failures(tool):
    """A capture that is none; one CPU where two are needed."""
    done = tool.run("bench", "--from", "/nonexistent/capture")
    assert (done.status, done.out, len(done.err_lines)) == (1, "", 1)
    assert "/nonexistent/capture" in done.err
    strange = tool.directory / "strange"
    strange.write_text("not a capture")
    done = tool.run("bench", "--from", strange)
    assert (done.status, done.out, len(done.err_lines)) == (1, "", 1)
    cpu_number = min(os.sched_getaffinity(0))
    done = tool.run("bench", "--cpus", "separate", preexec_fn=lambda: os.sched_setaffinity(0, {cpu_number}))
    assert (done.status, done.out, len(done.err_lines)) == (3, "", 1)
    assert f"CPU {cpu_number} only" in done.err


def children(pid: int) -> list[str]:
    """Processes that a process has started and that live."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.native_only
def test_interrupted(tool):
    """SIGINT before anything is whole: one line; later: what is whole, said to be so. No child stays."""
    command = [str(tool.binary), "bench", "--size", "100", "--repetitions", "999", "--format", "json"]
    for wait_s, status in ((0, 1), (10, 0)):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + 20
            while not children(process.pid):
                assert time.monotonic() < deadline
                time.sleep(0.005)
            time.sleep(wait_s)
            left = children(process.pid)
            process.send_signal(signal.SIGINT)
            begin = time.monotonic()
            out, err = process.communicate(timeout=20)
            assert time.monotonic() - begin < 5
        assert process.returncode == status, err
        for child in left:
            assert not Path(f"/proc/{child}").exists()
        if status:
            assert out == ""
            assert len(err.splitlines()) == 1
            assert "interrupted" in err
        else:
            assert err == ""
            result = json.loads(out)
            check(result)
            assert 1 <= result["repetitions"] < 999
            assert result["complete"] is False
    no_leftovers()


def test_from_capture(tool, daemon):
    """The sizes that shims wrote, and the price of those bytes over each transport."""
    recording = midway(tool, daemon, "batch40-100", factor=0.2).recording
    logs = [end for channel in recording.report["channels"] if channel["role"] == "container-log"
            for end in channel["ends"] if end["direction"] == "write"]
    buckets = {}
    for end in logs:
        for bucket, calls in end["size_log2"]:
            buckets[bucket] = buckets.get(bucket, 0) + calls
    done = tool.run("bench", "--from", recording.capture, "--size", "32768", "--format", "json", timeout=180)
    assert (done.status, done.err) == (0, "")
    result = json.loads(done.out)
    sizes = check(result)
    load = result["from"]
    assert load["derived"] is True
    assert load["file"] == str(recording.capture)
    assert load["bytes"] == sum(end["bytes"] for end in logs) > 0
    assert load["calls"] == sum(buckets.values()) > 0
    # One size in each bucket up to 32 KiB, the bytes as captured but for rounding to whole sizes.
    assert {part["size"].bit_length() - 1: part["messages"] for part in load["sizes"]
            if part["size"] < 32768} == {k: n for k, n in buckets.items() if k < 15}
    total = sum(part["size"] * part["messages"] for part in load["sizes"])
    assert total == pytest.approx(load["bytes"], rel=0.02)
    assert {part["size"] for part in load["sizes"]} <= set(sizes)
    assert {(row["transport"], row["protocol"]) for row in load["transports"]} == TRANSPORTS
    for row in load["transports"]:
        name = (row["transport"], row["protocol"])
        assert row["cpu_ns"] == pytest.approx(sum(part["messages"] * cpu(sizes[part["size"]][name])
                                                  for part in load["sizes"]))
