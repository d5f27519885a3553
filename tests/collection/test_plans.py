"""``--plan``: what it prints and where, and with which exit code it ends."""

from __future__ import annotations

import json

import pytest


def test_a_plan_prints_the_changes_runs_nothing_and_ends_with_one(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_DIFFERS", "database")
    result = project.run("features/", "--plan", "-m", "login")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "database",
            "  ~ change Deployment database/database",
            "      spec.replicas: 1 → 2, written by kubectl",
            "as wanted: base, login",
            "1 to change; nothing was written",
        ]
    )
    assert sorted(project.calls) == ["close", "plan base", "plan database", "plan login"]


def test_a_plan_of_nothing_ends_with_zero(project) -> None:
    result = project.run("features/", "--plan", "-n", "2")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["nothing to do"])


def test_a_plan_that_could_not_look_everywhere_does_not_end_with_zero(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_UNKNOWN", "database")
    result = project.run("features/", "--plan")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["  ? not known: realm: nobody answers", "1 not known; nothing was written"])


def test_a_plan_of_nothing_selected_says_so(project) -> None:
    assert project.run("features/", "--plan", "-k", "nothing-of-that-name").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_plan_of_features_that_cannot_be_read_is_none(project) -> None:
    project.write("features/core/other.feature", "@core @nonsense\nFeature: Other\n\n  Scenario: Some\n    Then it works\n")
    result = project.run_apart("features/", "--plan", "--plan-format", "json")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert result.stdout.str().strip() == ""
    result.stderr.fnmatch_lines(["*nonsense*"])


@pytest.mark.parametrize("folder", ["features/", "tests/"])
def test_a_format_without_a_plan_is_refused(project, folder) -> None:
    result = project.run(folder, "--plan-format", "json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --plan-format json says how a plan is written: add --plan"])


def test_an_unknown_format_is_refused_with_those_that_there_are(project) -> None:
    result = project.run("features/", "--plan", "--plan-format", "yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*yaml*text*json*"])


@pytest.mark.parametrize("more", [(), ("-q",), ("-v",), ("-n", "2"), ("--color=yes",)], ids=" ".join)
def test_a_plan_as_json_has_stdout_to_itself(project, monkeypatch, more) -> None:
    monkeypatch.setenv("FAKE_DIFFERS", "database")
    result = (project.run if more else project.run_apart)("features/", "--plan", "--plan-format", "json", *more)
    assert result.ret == 1
    data = json.loads(result.stdout.str())
    assert data["totals"]["change"] == 1
    assert [component["name"] for component in data["components"]] == ["base", "objects", "database", "login"]
    assert "\x1b" not in result.stdout.str()


def test_a_plan_has_colours_where_pytest_has(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_DIFFERS", "database")
    for name in ("PY_COLORS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    coloured, plain = "\x1b[33m  ~ change Deployment database/database\x1b[0m", "  ~ change Deployment database/database"
    assert coloured in project.run("features/", "--plan", "--color=yes").outlines
    assert plain in project.run("features/", "--plan", "--color=no").outlines
    assert plain in project.run("features/", "--plan").outlines
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert coloured in project.run("features/", "--plan").outlines
    monkeypatch.setenv("NO_COLOR", "1")
    assert plain in project.run("features/", "--plan").outlines


def test_a_plan_is_as_wide_as_the_terminal(project, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_DIFFERS", "database")
    monkeypatch.setenv("COLUMNS", "40")
    lines = project.run("features/", "--plan").outlines
    assert "      spec.replicas: 1 → 2, written by" in lines
    assert "        kubectl" in lines
