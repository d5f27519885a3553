"""What a run shows, and that it leaves pytest's own words and other plugins alone."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

WRONG = "FAILED features/core/objects.feature::Wrong - assert 1 == 2"
BLANK = "FAILED features/core/objects.feature::Blank - *"


@pytest.fixture
def troubled(project, monkeypatch):
    monkeypatch.setenv("FAKE_BROKEN", "database")
    project.write(
        "features/core/objects.feature",
        project.feature("objects", "CORE-006", "core", "Good", "Wrong | one is two", "Blank | the page is shown"),
    )
    return project


@pytest.mark.parametrize("options", [(), ("-q",), ("-v",), ("--tb=no",), ("-rA",)], ids=" ".join)
def test_the_short_summary_names_what_failed_and_with_what(troubled, options) -> None:
    result = troubled.run("features/", *options)
    result.stdout.fnmatch_lines([WRONG])
    result.stdout.fnmatch_lines([BLANK])
    assert result.parseoutcomes() == {"passed": 2, "failed": 2, "blocked": 5}
    assert sum(line.startswith("FAILED") for line in result.outlines) == 2


def test_what_breaks_before_a_scenario_is_an_error_in_the_short_summary(project) -> None:
    project.write(
        "steps/more.py",
        """
        import pytest
        from pytest_bdd import then

        @pytest.fixture
        def ground():
            raise OSError("no ground")

        @then("it stands on it")
        def _(ground):
            pass
        """,
    )
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", "Stands | it stands on it"))
    text = project.run("features/core/objects.feature").stdout.str()
    assert re.search(r"^(ERROR|FAILED) features/core/objects.feature::Stands - OSError: no ground$", text, re.MULTILINE)


def test_what_cannot_be_collected_is_an_error_in_the_short_summary(project) -> None:
    project.write("features/core/objects.feature", "@core @objcts\nFeature: Other\n\n  Scenario: It is\n    Then it works\n")
    project.run("features/").stdout.fnmatch_lines(["ERROR features/core/objects.feature*"])


def test_a_pipe_gets_a_line_a_blocked_feature(troubled) -> None:
    lines = [line[8:] for line in troubled.run("features/").outlines if line[8:].startswith("blocked ")]
    assert lines == ["blocked     core/database: 2 scenarios, by database", "blocked     core/login: 3 scenarios, by database"]


def test_a_run_whose_scenarios_are_all_blocked_ends_in_red(troubled) -> None:
    last = troubled.run("features/", "-m", "login", "--color=yes").outlines[-1]
    assert last.startswith("\x1b[31m="), last


def test_a_dependant_is_said_to_be_blocked_once(troubled) -> None:
    text = troubled.run("features/").stdout.str()
    assert text.count("✗ login: blocked by database") == 1
    assert text.count("blocks:  login") == 1
    assert "login: failed" not in text


def test_a_failure_shows_the_step_and_not_those_who_call_it(troubled) -> None:
    text = troubled.run("features/core/objects.feature", "-v").stdout.str()
    assert "one = 1" in text
    assert "call_fixture_func" not in text


def test_another_reporter_has_the_terminal_for_itself(project) -> None:
    project.write(
        "other.py",
        """
        import pytest
        from _pytest.terminal import TerminalReporter

        class Other(TerminalReporter):
            pass

        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            old = config.pluginmanager.getplugin("terminalreporter")
            config.pluginmanager.unregister(old)
            config.pluginmanager.register(Other(config), "terminalreporter")
        """,
    )
    result = project.run("features/", "-p", "other")
    text = result.stdout.str()
    assert re.search(r"objects.feature \.", text), "its dots, and nothing between them"
    assert "✓" not in text
    result.stdout.fnmatch_lines(["*converged*", "report: build/acceptance/index.html"])


@pytest.mark.parametrize(
    ("settings", "is_live", "is_coloured"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"PYTEST_ADDOPTS": "-q"}, False, True),
        ({"PYTEST_ADDOPTS": "-s"}, False, True),
    ],
    ids=str,
)
def test_a_terminal_gets_what_it_can_do(project, settings: dict[str, str], is_live: bool, is_coloured: bool) -> None:
    project.write(
        "steps/more.py",
        """
        import time
        from pytest_bdd import then

        @then("it takes a moment")
        def _():
            time.sleep(0.6)
        """,
    )
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", "Slow | it takes a moment"))
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "PY_COLORS", "FORCE_COLOR")}
    far, near = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "features/core/objects.feature", "-p", "no:cacheprovider"],
        stdout=near,
        stderr=near,
        stdin=near,
        env={**environment, "TERM": "xterm", **settings},
        cwd=project.path,
    )
    os.close(near)
    said = b""
    while True:
        try:
            said += os.read(far, 65536)
        except OSError:
            break
    os.close(far)
    assert process.wait() == 0
    assert (b"\x1b[J" in said) is is_live
    assert (b"\x1b[32m" in said) is is_coloured
    assert b"1 passed" in said
