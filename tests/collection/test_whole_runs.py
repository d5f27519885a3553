"""All features, verified by one process or by several: who runs what, who converges, what is left behind. Many tests look at few runs."""

from __future__ import annotations

from typing import NamedTuple

import pytest

PLACES = """
from pathlib import Path


def pytest_bdd_before_scenario(request):
    assert not Path("removed").exists()
    with Path("places").open("a") as places:
        places.write(request.getfixturevalue("throwaway_namespace") + chr(10))
"""
CLOCK = """
import time

import pytest
import wiring.waiting


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.name == "The base stands":  # an hour passes while it waits; the clock is the test's
        hours = iter((0.0, 3600.0))
        wiring.waiting.time = type("Clock", (), {"perf_counter": staticmethod(lambda: next(hours))})


def pytest_runtest_teardown(item):
    wiring.waiting.time = time
"""
TASKS = """\
- [ ] CORE-001 Base: `features/infrastructure/base.feature`
- [x] CORE-004 Login: `features/core/login.feature`
- [ ] CORE-005 Database: `features/core/database.feature`
- [ ] CORE-006 Objects: `features/core/objects.feature`
"""
SCENARIOS = [
    *("A person signs in", "Zero is less", "A last one", "Data is kept", "Rows are read", "The base stands", "An object is kept"),
    "Its pods are lost",
]


class Whole(NamedTuple):
    """A run of everything, and by how many processes; one verifies by itself."""

    project: object
    result: pytest.RunResult
    workers: int


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((1, ("-n", "0"), ""), id="one process"),
        pytest.param((2, ("-o", "feature_processes=2"), ""), id="two workers"),
        pytest.param((3, ("-o", "feature_processes=3"), "1"), id="three on a platform that stands"),
    ],
)
def whole(new_project, request) -> Whole:
    workers, options, stands = request.param
    project = new_project()
    project.write("steps/places.py", PLACES)
    project.write("steps/clock.py", CLOCK)
    lost = "Its pods are lost | it works | @disruptive"
    project.write("features/core/outage.feature", project.feature("database", "CORE-005", "core", lost))
    project.write("START_HERE.md", TASKS)
    return Whole(project, project.run_apart("features/", *options, "--update-status", "--durations=0", FAKE_STANDS=stands), workers)


def test_all_features_are_shared_by_as_many_processes_as_the_project_says(whole) -> None:
    whole.result.assert_outcomes(passed=len(SCENARIOS))
    created = [line for line in whole.result.outlines if line.startswith("created: ")]
    assert created == ([f"created: {whole.workers}/{whole.workers} workers"] if whole.workers > 1 else [])


def test_every_scenario_runs_once_whoever_gets_it(whole) -> None:
    ran = [scenario.name for scenario in whole.project.results().scenarios]
    assert sorted(ran) == sorted(SCENARIOS)


def test_only_the_controlling_process_converges_and_does_so_once(whole) -> None:
    converged = [(name, process) for verb, name, *process in whole.project.calls_in_full if verb == "converge"]
    assert sorted(name for name, _ in converged) == ["base", "database", "login", "objects"]
    assert len({str(process) for _, process in converged}) == 1


def test_every_scenario_is_in_the_reports_whoever_ran_it(whole) -> None:
    whole.result.stdout.fnmatch_lines(["report: build/acceptance/index.html"])
    made = whole.project.results()
    assert {scenario.name: scenario.outcome for scenario in made.scenarios} == dict.fromkeys(SCENARIOS, "passed")
    assert (made.selected, made.exit_code) == (len(SCENARIOS), 0)
    assert {component.name: component.result for component in made.components} == dict.fromkeys(
        ["login", "objects", "base", "database"], "converged"
    )
    known = [f"gw{number}" for number in range(whole.workers)] if whole.workers > 1 else [""]
    assert {scenario.worker for scenario in made.scenarios} <= {*known}
    folder = whole.project.path / "build/acceptance"
    assert {"index.html", "junit.xml", "cucumber.json", "messages.ndjson", "results.json", "history.json"} <= {
        path.name for path in folder.iterdir()
    }


def test_waiting_for_convergence_is_not_the_time_of_a_scenario(whole) -> None:
    (scenario,) = [scenario for scenario in whole.project.results().scenarios if scenario.name == "The base stands"]
    assert scenario.waited_s == 3600
    assert scenario.seconds >= 0
    assert "it waited 1 h 00 min for its components" in (whole.project.path / "build/acceptance/index.html").read_text()


def test_all_processes_share_one_place_for_throw_away_pods_which_is_removed_at_the_end(whole) -> None:
    places = (whole.project.path / "places").read_text().split()
    assert len(places) == len(SCENARIOS)
    assert (whole.project.path / "removed").read_text().split() == list(set(places))


def test_the_task_list_follows_whoever_proved_it(whole) -> None:
    assert "".join(line[3] for line in (whole.project.path / "START_HERE.md").read_text().splitlines()) == "xxxx"
