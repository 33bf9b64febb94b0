"""Before and after: two captures compared, of real containerds with one and with another configuration."""

import json
import shutil
import time

import pytest
from tool import Tool

from testbed import workload
from testbed.containerd import Containerd

SECONDS = 5
INTERVAL = 0.25
SMALL_LINE = "  max_container_log_line_size = 4096"
HEADLINE = ("cpu_per_mb", "calls_per_record", "copied_per_logged")


def capture(tool: Tool, daemon: Containerd, gen: workload.Gen, namespace: str = "diff", seconds: float = SECONDS):
    """A capture of one container that writes at a steady rate all the time; its name is always the same."""
    pod = workload.Pod(daemon, "pod", namespace)
    try:
        container = pod.container("c0", gen.command(f"{workload.REPORT_DIR}/report.json"))
        container.start()
        time.sleep(0.3)
        with tool.record("--address", daemon.address, "--interval", str(INTERVAL)) as recording:
            time.sleep(seconds)
    finally:
        pod.remove()
        # Or no other pod could have this name.
        shutil.rmtree(pod.log_directory)
    return recording.capture


def figures(diff: dict, scope: str = "node", name: str | None = None) -> dict:
    """The figures of a scope, by metric."""
    found = {entry["metric"]: entry for entry in diff["figures"]
             if entry["scope"] == scope and name in (None, entry["name"])}
    assert found, f"no figures of {scope} {name}"
    return found


LINES_16K = workload.Gen(1_000_003, line_size=16384, rate=100)


@pytest.fixture(scope="module")
def pair(binary, tmp_path_factory):
    """Captures of 16 KiB lines: twice with the default limit, once with a quarter of it."""
    tool = Tool(binary, tmp_path_factory.mktemp("diff"))
    with Containerd("1.6") as daemon:
        first = capture(tool, daemon, LINES_16K)
        second = capture(tool, daemon, LINES_16K)
        base = daemon.base
    with Containerd("1.6", base_dir=base, extra_config={"cri": SMALL_LINE}) as daemon:
        small = capture(tool, daemon, LINES_16K, "elsewhere")
    return first, second, small


def test_unchanged(tool, pair):
    """Of one configuration nothing that was logged more or less often, and no configuration differs."""
    diff = tool.json("diff", "--format", "json", pair[0], pair[1])
    assert diff["schema"] == "shimscope/1"
    assert diff["across"] == []
    told = {entry["what"] for entry in diff["differences"]}
    assert not told & {"kernel", "backend", "containerd", "containerd's Go", "shims", "shims' Go", "host", "complete"}
    node = figures(diff)
    for metric in ("copied_per_logged", "bytes_per_record"):
        assert node[metric]["verdict"] == "no change", node[metric]
    for metric in HEADLINE:
        entry = node[metric]
        assert entry["before"] > 0 and entry["after"] > 0
        assert entry["low"] <= entry["change"] <= entry["high"]
        assert entry["verdict"] != "too little data"
    assert [entry["diff"] for entry in diff["configurations"]] == [""]
    # Another container with another id, known by its name.
    ids = {tool.report(path)["containers"][-1]["id"] for path in pair[:2]}
    assert len(ids) == 2
    for entry in diff["only_before"] + diff["only_after"]:
        assert entry["kind"] != "container" and "diff/pod/c0" not in entry["name"]
    container = figures(diff, "container", "diff/pod/c0")
    assert container["cpu_per_mb"]["before"] <= node["cpu_per_mb"]["before"]
    assert container["copied_per_logged"]["after"] == pytest.approx(node["copied_per_logged"]["after"], rel=0.1)


def test_same_capture(tool, pair):
    """A capture against itself: no change, and an interval about it."""
    diff = tool.json("diff", "--format", "json", pair[0], pair[0])
    assert diff["differences"] == diff["only_before"] == diff["only_after"] == []
    for entry in diff["figures"]:
        assert entry["before"] == entry["after"]
        assert entry["verdict"] in ("no change", "too little data")
        if entry["low"] is not None and entry["high"] is not None:
            assert entry["low"] <= 0 <= entry["high"]


def test_agrees_with_report(tool, pair):
    """The figures are the report's totals."""
    report = tool.report(pair[0])
    node = figures(tool.json("diff", "--format", "json", pair[0], pair[0]))
    ends = [end for channel in report["channels"] for end in channel["ends"]]
    logged = sum(stream["log_bytes"] for container in report["containers"] for stream in container["streams"])
    assert node["cpu_per_mb"]["before"] == pytest.approx(sum(end["cpu_ns"] for end in ends) / (logged / 1e6))
    assert node["copied_per_logged"]["before"] == pytest.approx(sum(end["bytes"] for end in ends) / logged)
    assert node["eagain_share"]["before"] == pytest.approx(
        sum(end["eagain"] for end in ends) / sum(end["calls"] for end in ends))


def test_smaller_lines(tool, pair):
    """A quarter of the line size: four times the records, and the line of the configuration is shown."""
    diff = tool.json("diff", "--format", "json", pair[0], pair[2])
    node = figures(diff)
    assert node["bytes_per_record"]["verdict"] == "better"
    assert node["bytes_per_record"]["change"] == pytest.approx(-0.75, abs=0.06)
    assert node["bytes_per_record"]["high"] < -0.5
    files = figures(diff, "role", "log-file")
    assert files["calls_per_record"]["verdict"] == "no change"
    assert files["calls_per_record"]["before"] == pytest.approx(1, abs=0.01)
    told = {entry["what"]: entry for entry in diff["differences"]}
    assert "logged per record" in told
    config, = diff["configurations"]
    assert [line for line in config["diff"].splitlines() if line.startswith("+")] == [f"+{SMALL_LINE}"]

    text = tool.run("diff", pair[0], pair[2])
    assert text.status == 0
    assert f"+{SMALL_LINE}" in text.out.splitlines()
    assert text.out.index("What else differed") < text.out.index("The whole node")
    assert "bytes copied per record" in text.out
    for key, name in (("only_before", "diff/pod/c0"), ("only_after", "elsewhere/pod/c0")):
        assert [entry["name"] for entry in diff[key] if entry["kind"] == "container"] == [name]
        assert name in text.out


def test_fail_on(tool, pair):
    """Worse with confidence is exit 4 and one line, anything else is not."""
    worse = tool.run("diff", "--fail-on", "bytes_per_record>100%", "--fail-on", "copied_per_logged>50%", pair[2],
                     pair[0])
    assert worse.status == 4
    line, = worse.err_lines
    assert "bytes_per_record>100%" in line
    assert "The whole node" in worse.out
    better = tool.run("diff", "--format", "json", "--fail-on", "bytes_per_record>0%", pair[0], pair[2])
    assert (better.status, better.err) == (0, "")
    json.loads(better.out)
    beyond = tool.run("diff", "--fail-on", "bytes_per_record > 1000 %", pair[2], pair[0])
    assert (beyond.status, beyond.err) == (0, "")


@pytest.mark.parametrize("expression, says", [
    ("cpu>5%", "cpu_per_mb, cpu_per_record"), ("cpu_per_mb", ">"), ("cpu_per_mb>five%", "percentage")])
def test_fail_on_mistakes(tool, pair, expression, says):
    """A bound that is none is a mistake in the use of the command."""
    result = tool.run("diff", "--fail-on", expression, pair[0], pair[1])
    assert result.status == 2
    assert result.out == ""
    line, = result.err_lines
    assert says in line


def test_use(tool, pair, tmp_path):
    """Two captures, no more and no less; a file that is none is a failure."""
    assert tool.run("diff", pair[0]).status == 2
    assert tool.run("diff", *pair).status == 2
    assert tool.run("diff", "--format", "csv", pair[0], pair[1]).status == 2
    stranger = tmp_path / "stranger"
    stranger.write_text("no capture")
    result = tool.run("diff", pair[0], stranger)
    assert result.status == 1
    assert str(stranger) in result.err


def test_incomplete(tool, pair, tmp_path):
    """A capture that was cut is compared all the same, and both say so."""
    cut = tmp_path / "cut"
    whole = pair[1].read_bytes()
    cut.write_bytes(whole[:len(whole) * 4 // 5])
    result = tool.run("diff", "--format", "json", pair[0], cut)
    assert result.status == 0
    assert str(cut) in result.err
    diff = json.loads(result.out)
    assert diff["after"]["capture"]["complete"] is False
    told = {entry["what"]: entry for entry in diff["differences"]}
    assert told["complete"]["before"] == "yes"
    assert told["complete"]["after"].startswith("no")
    assert "INCOMPLETE" in tool.run("diff", pair[0], cut).out


def test_too_little(tool, daemon, pair):
    """A second is not enough to tell a change, and says so; a bound cannot be judged then."""
    short = capture(tool, daemon, LINES_16K, seconds=1)
    result = tool.run("diff", "--format", "json", "--fail-on", "cpu_per_mb>0%", pair[0], short)
    assert result.status == 0
    line, = result.err_lines
    assert "too little data" in line
    assert figures(json.loads(result.out))["cpu_per_mb"]["verdict"] == "too little data"
