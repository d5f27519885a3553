"""What ran when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from converge.reporting.results import ComponentResult, Results
from converge.reporting.timeline import longest_chain, timeline


def test_every_bar_lies_within_the_axis(make_run) -> None:
    shown = timeline(make_run())
    bars = [bar for lane in (*shown.converging, *shown.scenarios) for bar in lane.bars]
    assert bars
    assert all(bar.left >= 0 and bar.width >= 0 and bar.left + bar.width <= 100.01 for bar in bars)


def test_the_longest_chain_follows_what_is_required(make_run) -> None:
    chain, seconds = longest_chain(make_run().components)
    assert chain == ("control-node", "ingress", "cert-manager", "postgres", "keycloak", "harbor")
    assert seconds == 121.5


def test_processes_have_a_row_each(make_run) -> None:
    assert [lane.name for lane in timeline(make_run()).scenarios] == ["gw0", "gw1", "gw2"]


@given(st.floats(min_value=0, max_value=10**6) | st.floats(min_value=0, max_value=10**12))
def test_an_axis_has_a_few_ticks(seconds: float) -> None:
    shown = timeline(Results(0, seconds, components=(ComponentResult("a", seconds=seconds, result="converged"),)))
    assert 1 <= len(shown.ticks) <= 13
    assert shown.ticks[0] == (0, 0)
