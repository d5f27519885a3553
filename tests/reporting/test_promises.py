"""The matrix: which scenarios speak for which promise of which component."""

from __future__ import annotations

from converge.reporting.promises import by_component, matrix
from converge.reporting.results import ScenarioOutcome


def cells(run) -> dict:
    return {row.component.name: row.cells for row in matrix(run)}


def test_a_promise_is_kept_where_all_its_scenarios_passed(make_run) -> None:
    cell = cells(make_run())["keycloak"]["secure"]
    assert (cell.outcome, cell.passed, cell.total) == (ScenarioOutcome.PASSED, 3, 3)


def test_one_failed_scenario_breaks_a_promise_and_is_where_its_cell_leads(make_run) -> None:
    run = make_run()
    cell = cells(run)["minio"]["SSO"]
    assert (cell.outcome, cell.passed, cell.total) == (ScenarioOutcome.FAILED, 1, 2)
    assert cell.anchor == next(scenario.anchor for scenario in run.scenarios if scenario.outcome == "failed")


def test_converging_itself_fills_the_first_column(make_run) -> None:
    found = cells(make_run())
    assert [found[name]["converged"].outcome for name in ("minio", "harbor", "gitea", "gpu-operator")] == [
        "passed",
        "failed",
        "blocked",
        "unavailable",
    ]


def test_no_scenario_is_not_a_kept_promise(make_run) -> None:
    run = make_run()
    empty = type(run)(**{**vars(run), "scenarios": ()})
    assert cells(empty)["keycloak"]["SSO"].outcome is None
    assert matrix(empty)[0].worst is ScenarioOutcome.PASSED


def test_a_scenario_of_two_components_belongs_to_the_one_that_its_file_is_named_for(make_run) -> None:
    run = make_run()
    scenario = next(scenario for scenario in run.scenarios if "keycloak" in scenario.tags)
    both = type(scenario)(**{**vars(scenario), "tags": (*scenario.tags, "postgres")})
    elsewhere = type(scenario)(**{**vars(scenario), "tags": (), "feature": "features/platform/names.feature"})
    assert by_component(type(run)(**{**vars(run), "scenarios": (both, elsewhere)})) == {"keycloak": [both], "": [elsewhere]}
