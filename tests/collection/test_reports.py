"""What a run leaves behind: every report, from one process or many, with what went wrong in its own words."""

from __future__ import annotations

import json

import pytest


def test_rows_of_examples_are_scenarios_of_their_own(project) -> None:
    outline = project.feature("objects", "CORE-006", "core").rstrip() + (
        "\n\n  Scenario Outline: A size\n    Then it has <size>\n\n    Examples:\n      | size |\n      | 1Gi |\n      | 2Gi |\n"
    )
    project.write("features/core/objects.feature", outline)
    project.write(
        "steps/more.py",
        """
        from pytest_bdd import parsers, then

        @then(parsers.parse("it has {size}"))
        def _(size):
            pass
        """,
    )
    project.run("features/core/objects.feature").assert_outcomes(passed=2)
    assert [scenario.steps[-1].text for scenario in project.results().scenarios] == ["it has 1Gi", "it has 2Gi"]
    lines = [json.loads(line) for line in (project.path / "build/acceptance/messages.ndjson").read_text().splitlines()]
    assert len({line["testCase"]["pickleId"] for line in lines if "testCase" in line}) == 2


def test_a_worker_that_dies_leaves_a_failed_scenario_behind_and_what_was_dealt_to_it_is_dealt_again(project) -> None:
    project.write("features/core/outage.feature", project.feature("database", "CORE-005", "core", "It ends | its process dies"))
    project.run_apart("features/", "-n", "2").assert_outcomes(passed=7, failed=1)
    scenarios = project.results().scenarios
    assert len(scenarios) == 8
    assert [scenario.name for scenario in scenarios if scenario.outcome != "passed"] == ["It ends"]


def test_reports_go_where_they_are_asked_to(project) -> None:
    project.run("features/", "--report-dir", "elsewhere", "--junitxml", "mine.xml")
    assert len(project.results("elsewhere").scenarios) == 7
    assert (project.path / "mine.xml").exists()
    assert not (project.path / "elsewhere/junit.xml").exists()


@pytest.mark.parametrize("option", ["--plan", "--collect-only"])
def test_what_runs_no_scenario_writes_no_report(project, option: str) -> None:
    project.run("features/", option)
    assert not (project.path / "build/acceptance/index.html").exists()
    assert not (project.path / "build/acceptance/junit.xml").exists()


def test_plain_tests_write_no_report(project) -> None:
    project.run("tests/").assert_outcomes(passed=1)
    assert not (project.path / "build").exists()
