"""The command line: exit codes, one clear line for each failure, nothing mixed."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time

import pytest

NOBODY = "65534"


def fails(result, status: int, *words: str) -> None:
    """One line on standard error that names the subject, nothing on standard output."""
    assert result.status == status, result
    assert len(result.err_lines) == 1, result.err
    for word in words:
        assert word in result.err, result.err
    assert result.out == ""


def test_version_and_help(tool):
    """Asked for, they are a result: standard output and success."""
    version = tool.run("--version")
    assert (version.status, version.err) == (0, "")
    assert version.out.startswith("shimscope ")
    overview = tool.run("--help")
    assert (overview.status, overview.err) == (0, "")
    for command in ("live", "record", "report", "map", "doctor"):
        assert command in overview.out
        mine = tool.run(command, "--help")
        assert (mine.status, mine.err) == (0, "")
        assert mine.out == tool.run("help", command).out
        assert command in mine.out


@pytest.mark.parametrize("args, word", [
    ((), "command"),
    (("fry",), "fry"),
    (("re",), "re"),  # record or report
    (("record",), "-o"),
    (("record", "-o", "x", "--backend", "magic"), "magic"),
    (("record", "-o", "x", "--interval", "soon"), "soon"),
    (("record", "-o", "x", "--interval", "0"), "0"),
    (("record", "-o", "x", "--duration", "-1"), "-1"),
    (("record", "-o", "x", "--pid", "init"), "init"),
    (("record", "-o", "x", "--wobble"), "wobble"),
    (("report",), "report"),
    (("report", "--format", "rtf", "x"), "rtf"),
    (("map", "--format", "rtf"), "rtf"),
    (("live", "--count", "many"), "many"),
    (("help", "fry"), "fry"),
])
def test_usage(tool, args, word):
    """Usage errors end with 2 and name what is wrong in one line; a hint at --help may follow."""
    result = tool.run(*args, cwd=tool.directory)
    assert result.status == 2, result
    assert result.out == ""
    message, *hint = result.err_lines
    assert word in message
    assert not hint or hint[0].startswith("Try `shimscope")
    assert list(tool.directory.iterdir()) == []


def test_prefix_of_a_command(tool):
    """An unambiguous prefix serves."""
    assert tool.run("doc", "--help").out == tool.run("doctor", "--help").out


@pytest.mark.parametrize("command", [("record", "-o", "x"), ("live", "--count", "1"), ("map",)])
def test_no_containerd(tool, command):
    """A socket behind which nobody is."""
    fails(tool.run(*command, "--address", "/nonexistent/containerd.sock", cwd=tool.directory), 1,
          "/nonexistent/containerd.sock")
    assert not (tool.directory / "x").exists()


@pytest.mark.parametrize("command", [("record", "-o", "x"), ("live", "--count", "1")])
def test_unknown_pid(tool, daemon, command):
    """A process that does not exist."""
    pid = int(open("/proc/sys/kernel/pid_max", encoding="ascii").read()) - 1
    assert not os.path.exists(f"/proc/{pid}")
    fails(tool.run(*command, "--address", daemon.address, "--pid", pid, cwd=tool.directory), 1, str(pid))


def as_nobody(tool, *args):
    """A command without any privilege."""
    bare = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all", "--no-new-privs"]
    return tool.__class__(bare_wrapper(tool, bare), tool.directory).run(*args, cwd="/tmp")


def bare_wrapper(tool, command):
    """A script that runs a copy of the binary, which everybody can reach, below a command."""
    place = tool.directory / "public"
    if not place.exists():
        place.mkdir(mode=0o755)
        shutil.copy(tool.binary, place / "shimscope")
        for parent in (place, *place.parents[:3]):
            parent.chmod(parent.stat().st_mode | 0o055)
        script = place / "run"
        script.write_text(f"#!/bin/sh\nexec {' '.join(command)} {place}/shimscope \"$@\"\n")
        script.chmod(0o755)
    return place / "run"


@pytest.mark.parametrize("command", [("record", "-o", "/tmp/shimscope-nobody"), ("live", "--count", "1")])
def test_without_privileges(tool, daemon, command):
    """The missing capability is named, with what would mend it."""
    result = as_nobody(tool, *command, "--address", daemon.address)
    fails(result, 3, "CAP_")
    assert not os.path.exists("/tmp/shimscope-nobody")


def test_doctor_without_privileges(tool, daemon):
    """The doctor examines the poor, too."""
    result = as_nobody(tool, "doctor", "--format", "json")
    assert result.status in (0, 3), result
    found = json.loads(result.out)
    assert found["schema"] == "shimscope/1"
    assert "CAP_" in result.out


def test_doctor(tool, daemon):
    """What works here is said, and the private containerd is found."""
    text = tool.run("doctor")
    assert text.status == 0, text.err
    assert daemon.address in text.out
    found = tool.json("doctor", "--format", "json")
    assert found["schema"] == "shimscope/1"
    assert daemon.address in json.dumps(found)


@pytest.mark.parametrize("what", ["absent", "empty", "text", "directory"])
def test_not_a_capture(tool, what):
    """Files that are no capture are named, and that is all."""
    path = tool.directory / "given"
    if what == "empty":
        path.touch()
    elif what == "text":
        path.write_text("no capture at all\n" * 1000)
    elif what == "directory":
        path.mkdir()
    fails(tool.run("report", path), 1, str(path))


def test_unwritable_output(tool, daemon):
    """Where nothing can be written, nothing is traced."""
    path = tool.directory / "absent" / "capture"
    fails(tool.run("record", "-o", path, "--duration", "1", "--address", daemon.address), 1, str(path))
    (tool.directory / "place").mkdir()
    fails(tool.run("record", "-o", tool.directory / "place", "--duration", "1", "--address",
                   daemon.address), 1, "place")


def test_unwritable_report(tool, daemon):
    """The same for a report's output."""
    with tool.record("--address", daemon.address) as recording:
        pass
    path = tool.directory / "absent" / "report"
    fails(tool.run("report", "-o", path, recording.capture), 1, str(path))
    fails(tool.run("report", "-o", "/dev/full", recording.capture), 1, "/dev/full")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([tool.binary, "report", recording.capture], stdout=full,
                              stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "No space left" in done.stderr


def test_closed_pipe_is_quiet(tool, daemon):
    """SIGPIPE is quiet: no message, whatever the exit."""
    with tool.record("--address", daemon.address) as recording:
        pass
    with subprocess.Popen([tool.binary, "report", "--format", "json", recording.capture],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_record_a_command(tool, daemon):
    """With a command the recording lasts as long as that; its exit status is not the tool's success."""
    capture = tool.directory / "capture"
    begin = time.monotonic()
    result = tool.run("record", "-o", capture, "--address", daemon.address, "--note", "while it sleeps",
                      "--", "/bin/sh", "-c", "sleep 0.7; echo from the command")
    assert result.status == 0, result.err
    assert time.monotonic() - begin >= 0.7
    report = tool.report(capture)
    assert report["capture"]["note"] == "while it sleeps"
    assert 600_000_000 < report["capture"]["duration_ns"] < 30_000_000_000
    assert report["capture"]["complete"] is True


def test_record_a_command_that_does_not_exist(tool, daemon):
    """It is named."""
    result = tool.run("record", "-o", tool.directory / "capture", "--address", daemon.address, "--",
                      "/nonexistent/command")
    assert result.status == 1
    assert "/nonexistent/command" in result.err


def test_duration(tool, daemon):
    """--duration ends the recording by itself."""
    capture = tool.directory / "capture"
    result = tool.run("record", "-o", capture, "--address", daemon.address, "--duration", "0.5",
                      "--interval", "0.1")
    assert result.status == 0, result.err
    report = tool.report(capture)
    assert report["capture"]["interval_ns"] == 100_000_000
    assert 450_000_000 < report["capture"]["duration_ns"] < 5_000_000_000


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_recording_well(tool, daemon, sig):
    """Both ways of asking it to end are a success, with a summary."""
    with tool.record("--address", daemon.address) as recording:
        recording.stop(sig)
    assert recording.status == 0
    assert recording.report["capture"]["complete"] is True


def test_report_formats(tool, daemon):
    """Text, JSON and CSV of one capture; -o writes the same as standard output."""
    with tool.record("--address", daemon.address) as recording:
        daemon.cri.version()
    for kind in ("text", "json", "csv"):
        shown = tool.run("report", "--format", kind, recording.capture)
        assert (shown.status, shown.err) == (0, "")
        assert "\x1b" not in shown.out
        path = tool.directory / f"report.{kind}"
        stored = tool.run("report", "--format", kind, "-o", path, recording.capture)
        assert (stored.status, stored.out, stored.err) == (0, "", "")
        assert path.read_text() == shown.out
        if kind == "json":
            assert json.loads(shown.out)["schema"] == "shimscope/1"
        elif kind == "csv":
            head, *rows = shown.out.splitlines()
            assert rows
            assert "bytes" in head


def test_several_captures(tool, daemon):
    """Each of several captures is reported under its name."""
    captures = []
    for _ in range(2):
        with tool.record("--address", daemon.address) as recording:
            pass
        captures.append(recording.capture)
    shown = tool.run("report", *captures)
    assert shown.status == 0, shown.err
    for capture in captures:
        assert capture.name in shown.out


def test_no_colour_unless_on_a_terminal(tool, daemon):
    """NO_COLOR is honoured even on a terminal."""
    with tool.record("--address", daemon.address) as recording:
        daemon.cri.version()
    for env, coloured in (({"TERM": "xterm"}, None), ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
        master, slave = pty.openpty()
        with subprocess.Popen([tool.binary, "report", recording.capture], stdout=slave,
                              env={**os.environ, **env}) as process:
            os.close(slave)
            text = b""
            while select.select([master], [], [], 30)[0]:
                try:
                    chunk = os.read(master, 65536)
                except OSError:
                    break
                text += chunk
            assert process.wait(30) == 0
        os.close(master)
        assert text
        if coloured is False:
            assert b"\x1b" not in text
