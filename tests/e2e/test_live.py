"""live: a block an interval, and what the blocks add up to."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from loads import label

from testbed import workload

INTERVAL_S = 0.3


def test_blocks_add_up(tool, daemon):
    """The intervals' bytes of a stream add up to what was written."""
    with workload.start(daemon, "rate-100", 0.5 * workload.scale(), label()) as run:
        run.create()
        shown = tool.directory / "live"
        with open(shown, "wb") as out, subprocess.Popen(
                [tool.binary, "live", "--format", "json", "--interval", str(INTERVAL_S), "--backend",
                 tool.backend, "--address", daemon.address], stdout=out) as live:
            deadline = time.monotonic() + 60
            while b"\n" not in shown.read_bytes():
                assert live.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
            run.go()
            facts, = run.wait_written()
            run.wait_logged()
            time.sleep(3 * INTERVAL_S)
            live.send_signal(signal.SIGINT)
            assert live.wait(60) == 0
        run.finish()
    blocks = [json.loads(line) for line in shown.read_text().splitlines()]
    assert len(blocks) >= 4
    assert all(block["schema"] == "shimscope/1" for block in blocks)
    assert all(block["capture"]["interval_ns"] == int(INTERVAL_S * 1e9) for block in blocks)
    written = busy = 0
    for block in blocks:
        here = sum(end["bytes"] for channel in block["channels"]
                   if channel["role"] == "container-log" and channel["container"] == facts.id
                   for end in channel["ends"] if (end["process"], end["direction"]) == ("shim", "write"))
        written += here
        busy += here > 0
    assert written == facts.written("stdout")
    assert busy >= 2


def test_count_and_plain_rows(tool, daemon):
    """--count ends it; on a pipe there is neither colour nor cursor movement."""
    begin = time.monotonic()
    shown = tool.run("live", "--count", "3", "--interval", "0.2", "--address", daemon.address)
    assert (shown.status, "\x1b" in shown.out) == (0, False), shown.err
    assert time.monotonic() - begin >= 0.6
    blocks = tool.run("live", "--count", "2", "--interval", "0.2", "--format", "json", "--address",
                      daemon.address)
    assert len(blocks.out.splitlines()) == 2


@pytest.mark.parametrize("args, moves", [((), True), (("--plain",), False)])
def test_on_a_terminal(tool, daemon, args, moves):
    """A terminal is repainted, unless plain rows are asked for; ^C ends it well.

    Plain rows may have colours on a terminal, but the cursor stays where it is.
    """
    master, slave = pty.openpty()
    with subprocess.Popen([tool.binary, "live", "--interval", "0.2", "--address", daemon.address, *args],
                          stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                          env={**os.environ, "TERM": "xterm"}) as live:
        os.close(slave)
        text, deadline = b"", time.monotonic() + 30
        while len(text) < 400 and time.monotonic() < deadline:
            if select.select([master], [], [], 0.2)[0]:
                text += os.read(master, 65536)
        live.send_signal(signal.SIGINT)
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            text += chunk
        assert live.wait(30) == 0
    os.close(master)
    assert bool(re.search(rb"\x1b\[[0-9;?]*[A-Za-ln-z]", text)) is moves


def test_reader_that_goes_away(tool, daemon):
    """live | head ends quietly."""
    with subprocess.Popen([tool.binary, "live", "--interval", "0.1", "--address", daemon.address],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as live:
        live.stdout.readline()
        live.stdout.close()
        said = live.stderr.read()
        live.wait(30)
    assert b"SIGPIPE" not in said and b"Broken pipe" not in said
