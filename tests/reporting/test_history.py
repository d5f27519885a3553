"""The last runs, and what is new since the one before."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from converge.reporting import history
from converge.reporting.history import KEPT, History
from converge.reporting.results import Results, Scenario, ScenarioOutcome


def run_with(**outcomes: str) -> Results:
    scenarios = tuple(Scenario(name, "f.feature", 1, name, (), ScenarioOutcome(outcome)) for name, outcome in outcomes.items())
    return Results(time.time(), 1.0, scenarios=scenarios)


def after(*runs: Results) -> History:
    past = History()
    for run in runs:
        past = past.with_run(run)
    return past


@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["passed", "failed", "blocked", "unavailable"])), max_size=2 * KEPT)
)
def test_every_scenario_has_one_letter_a_run_and_only_the_last_runs_are_kept(runs) -> None:
    past = after(*(run_with(**outcomes) for outcomes in runs))
    assert len(past.runs) == min(len(runs), KEPT)
    assert set(past.scenarios) == {name for outcomes in runs[-KEPT:] for name in outcomes}
    assert all(len(letters) == len(past.runs) for letters in past.scenarios.values())


def test_what_fails_anew_and_what_passes_again_is_named() -> None:
    past = after(
        run_with(a="passed", b="failed", c="failed", d="passed"),
        run_with(d="passed"),
        run_with(a="failed", b="passed", c="failed", d="blocked"),
    )
    assert past.turned() == (["a"], ["b"])


def test_a_scenario_that_comes_and_goes_shows() -> None:
    assert after(run_with(a="passed"), run_with(a="failed"), run_with(b="passed"), run_with(a="passed")).bad_runs("a") == (1, 3)


def test_a_history_is_read_as_it_was_written(tmp_path, make_run) -> None:
    past = after(make_run(), make_run(is_bad=False))
    (tmp_path / "history.json").write_bytes(history.as_json(past))
    assert history.read(tmp_path / "history.json") == past


def test_an_unreadable_history_is_put_aside(tmp_path) -> None:
    (tmp_path / "history.json").write_text('{"runs": [')
    assert history.read(tmp_path / "history.json") == History()
    assert (tmp_path / "history.unreadable.json").exists()


def test_no_history_is_an_empty_one(tmp_path) -> None:
    assert history.read(tmp_path / "history.json") == History()
