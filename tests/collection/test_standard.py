"""A standard promise is written once and is each component's own: where it is collected, chosen, reported and counted."""

from __future__ import annotations

import json
import re

import pytest

STANDARD = """\
@platform
Feature: Every component keeps the standard promises
  Background:
    Given "<component>" is converged

  @workloads @resources
  Scenario Outline: <Name> runs well
    Then it works

    Examples:
      | component | Name |

  @volumes
  Scenario Outline: <name> has room
    Then it works

    Examples:
      | component | name |

  @keepsake @data
  Scenario Outline: <Keepsake> of <name> are kept
    Then "<component>" keeps <keepsake>

    Examples:
      | component | name | keepsake | Keepsake |

  @nothing-to-lose @rollback
  Scenario Outline: Rolling <name> back loses nothing: <why>
    When the operator rolls "<component>" back and converges it again
    Then it works

    Examples:
      | component | name | why |
"""
STEPS = """
from pytest_bdd import parsers, then


@then(parsers.re('"database" keeps rows'))
def _():
    one = 1
    assert one == 2
"""
LOGIN = "features/core/login.feature"
DATABASE = "features/core/database.feature"
FILE = "features/platform/standard.feature"
ROWS = f"{DATABASE}::Rows of database are kept"
KEPT_BACK = "Rolling login back loses nothing: it asks"


@pytest.fixture
def standard(project):
    project.write(FILE, STANDARD)
    project.write("steps/keepsakes/database.py", STEPS)
    return project


def collected(project, *arguments: str) -> list[str]:
    return [line for line in project.run("--collect-only", "-q", *arguments).outlines if "::" in line]


def test_a_component_makes_the_promises_that_its_qualities_call_for(standard) -> None:
    assert collected(standard, LOGIN) == [
        f"{LOGIN}::{title}" for title in ("A person signs in", "Zero is less", "A last one", "login runs well")
    ]
    assert collected(standard, DATABASE)[2:] == [f"{DATABASE}::database runs well", ROWS]


def test_each_is_collected_once_whatever_is_named(standard) -> None:
    everything = collected(standard, "features/")
    assert len(everything) == len(set(everything)) == 7 + 4 + 1
    assert not [line for line in everything if line.startswith(FILE)]
    assert sorted(collected(standard, "features/", FILE)) == sorted(everything)
    assert collected(standard, f"{LOGIN}::login runs well", FILE, DATABASE).count(f"{LOGIN}::login runs well") == 1


def test_the_file_where_they_are_written_stands_for_all_of_them(standard) -> None:
    promised = [line for line in collected(standard, "features/") if line.endswith(("runs well", "are kept"))]
    assert sorted(collected(standard, FILE)) == sorted(promised)
    assert collected(standard, f"{FILE}::Rows of database are kept") == [ROWS]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["-m", "database and resources"], [f"{DATABASE}::database runs well"]),
        (["-m", "CORE-005 and keepsake"], [ROWS]),
        (["-k", "Rows and kept"], [ROWS]),
        (["-m", "rollback"], [f"{LOGIN}::{KEPT_BACK}"]),
    ],
)
def test_it_is_chosen_as_the_components_own(standard, chosen: list[str], expected: list[str]) -> None:
    assert collected(standard, "features/", *chosen) == expected


@pytest.mark.parametrize("file", [LOGIN, FILE])
def test_one_on_demand_is_had_by_its_name(standard, file: str) -> None:
    assert collected(standard, f"{file}::{KEPT_BACK}") == [f"{LOGIN}::{KEPT_BACK}"]


def test_reports_show_it_in_the_components_feature_and_say_where_it_is_written(standard) -> None:
    result = standard.run("features/", "-m", "database")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [f'*Then "database" keeps rows  (standard.feature:{STANDARD[: STANDARD.index("keeps <keep")].count(chr(10)) + 1})*']
    )
    (kept,) = (each for each in standard.results().scenarios if each.nodeid == ROWS)
    assert (kept.feature, kept.written, kept.name) == (DATABASE, FILE, "Rows of database are kept")
    assert {"database", "CORE-005", "core", "data"} <= set(kept.tags)
    assert "platform" not in kept.tags
    junit = (standard.path / "build/acceptance/junit.xml").read_text()
    assert f'classname="{DATABASE.replace("/", ".")}" name="Rows of database are kept"' in junit


def test_cucumbers_formats_have_it_in_that_feature(standard) -> None:
    standard.run("features/", "-m", "database")
    (feature,) = json.loads((standard.path / "build/acceptance/cucumber.json").read_text())
    assert feature["uri"] == DATABASE
    assert [each["name"] for each in feature["elements"]] == [
        "Data is kept",
        "Rows are read",
        "database runs well",
        "Rows of database are kept",
    ]
    lines = [json.loads(line) for line in (standard.path / "build/acceptance/messages.ndjson").read_text().splitlines()]
    pickles = {line["pickle"]["id"]: line["pickle"] for line in lines if "pickle" in line}
    cases = [pickles[line["testCase"]["pickleId"]] for line in lines if "testCase" in line]
    assert [(each["uri"], each["name"]) for each in cases] == [(DATABASE, each["name"]) for each in feature["elements"]]
    (source,) = (line["source"]["data"].splitlines() for line in lines if "source" in line)
    assert [source[each["line"] - 1].strip() for each in feature["elements"]] == [
        f"Scenario: {each['name']}" for each in feature["elements"]
    ]
    steps = [step["text"] for step in cases[-1]["steps"]]
    assert steps == ['"database" is converged', '"database" keeps rows']


def test_a_feature_is_proven_with_its_promises(standard) -> None:
    standard.write("START_HERE.md", f"- [ ] Login: `{LOGIN}`\n- [x] Database: `{DATABASE}`\n")
    standard.run(LOGIN, "-k", "not well", "--update-status")
    assert "- [ ] Login" in (standard.path / "START_HERE.md").read_text()
    standard.run("features/", "--update-status")
    assert re.findall(r"\[(.)\]", (standard.path / "START_HERE.md").read_text()) == ["x", " "]


def test_processes_share_them_and_count_them(standard) -> None:
    standard.write("START_HERE.md", f"- [ ] Login: `{LOGIN}`\n")
    standard.run_apart("features/", "-n", "2", "--update-status").assert_outcomes(passed=11, failed=1)
    assert "- [x] Login" in (standard.path / "START_HERE.md").read_text()


def test_what_is_wrong_with_the_file_is_said(standard) -> None:
    standard.write(FILE, STANDARD.replace("@volumes", "@volume"))
    standard.run("features/").stdout.fnmatch_lines([f"*{FILE}:13: unknown tag @volume (did you mean volumes?)*"])


def test_a_file_of_promises_that_is_no_gherkin_is_said_with_each_feature(standard) -> None:
    standard.write(FILE, STANDARD.replace("Then it works", "That it works"))
    standard.run(LOGIN).stdout.fnmatch_lines(["*standard.feature*"])
