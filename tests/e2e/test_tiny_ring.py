"""A ring buffer of one page cannot hold the operations: totals stay exact all the same."""

import pytest
from loads import check_container, check_whole, midway, whole_life


@pytest.mark.parametrize("how", [whole_life, midway])
@pytest.mark.parametrize("name", ["batch40-100", "lines-16k", "two-containers"])
def test_one_page(tool, daemon, how, name):
    """Operations were folded in the kernel, and none is missing."""
    recorded = how(tool, daemon, name, "--ring-size", "4096")
    check_whole(recorded.report)
    assert recorded.report["loss"]["folded"] > 0
    for facts in recorded.facts:
        check_container(recorded.report, facts)


def test_one_page_with_writers(tool, daemon):
    """The same with the writers' calls on top."""
    recorded = midway(tool, daemon, "batch40-100", "--ring-size", "4096", "--writers")
    check_whole(recorded.report)
    assert recorded.report["loss"]["folded"] > 0
    for facts in recorded.facts:
        check_container(recorded.report, facts)


def test_default_ring_folds_nothing(tool, daemon):
    """With the default size the same load needs no folding."""
    recorded = midway(tool, daemon, "batch40-100")
    assert recorded.report["loss"]["folded"] == 0
