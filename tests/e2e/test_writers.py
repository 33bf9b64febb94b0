"""--writers: the containers' own writes, too."""

import pytest
from loads import check_container, check_whole, midway, whole_life
from tool import channels, ends, find_stream, total


@pytest.mark.parametrize("how", [whole_life, midway])
@pytest.mark.parametrize("name", ["batch40-100", "stdout-stderr", "two-containers", "tty"])
def test_writers(tool, daemon, how, name):
    """Calls and bytes of the container's process are those that it counted itself."""
    recorded = how(tool, daemon, name, "--writers", factor=0.3)
    check_whole(recorded.report)
    for facts in recorded.facts:
        check_container(recorded.report, facts)
        outputs = channels(recorded.report, role="container-output", container=facts.id)
        for stream in ("stdout",) if facts.tty else ("stdout", "stderr"):
            mine = [end for channel in outputs if channel["stream"] == stream
                    for end in ends(channel, "write", "writer")]
            members = ("stdout", "stderr") if facts.tty else (stream,)
            assert total(mine) == sum(facts.generator[m]["bytes"] for m in members)
            assert total(mine, "calls") == sum(facts.generator[m]["writes"] for m in members)
        hop = find_stream(recorded.report, facts.id)["hops"][0]
        assert hop["in"]["process"] == "writer"


def test_without_writers_their_end_is_unknown(tool, daemon):
    """Without --writers the container's end is null, not zero."""
    recorded = midway(tool, daemon, "batch40-100", factor=0.05)
    hop = find_stream(recorded.report, recorded.facts[0].id)["hops"][0]
    assert hop["from"] == "writer"
    assert hop["in"] is None
