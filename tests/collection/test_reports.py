"""What a run leaves behind: every report, from one process or many, with what went wrong in its own words."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

# Imported here once, see conftest.py.
import converge.reporting.reports  # noqa: F401
import wiring.reporting  # noqa: F401
from converge.reporting.results import Results, from_json

PROCESSES = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])


def run(project, *arguments: str):
    """In this process where that will do: it is faster."""
    return (project.run_apart if "-n" in arguments else project.run)(*arguments)


def results(project, folder: str = "build/acceptance") -> Results:
    return from_json((project.pytester.path / folder / "results.json").read_bytes())


def endings(run: Results) -> dict[str, str]:
    return {scenario.name: scenario.outcome.value for scenario in run.scenarios}


@pytest.fixture
def troubled(project, monkeypatch):
    """A component that cannot be had, and scenarios that end in every way."""
    monkeypatch.setenv("FAKE_BROKEN", "database")
    project.write(
        "features/core/objects.feature",
        project.feature(
            "objects", "CORE-006", "core", "Good", "Wrong | one is two", "Blank | the page is shown", "None | the console exists"
        ),
    )
    return project


@PROCESSES
def test_every_scenario_is_in_the_reports_whoever_ran_it(project, workers) -> None:
    result = run(project, "features/", *workers)
    result.stdout.fnmatch_lines(["report: build/acceptance/index.html"])
    made = results(project)
    assert endings(made) == dict.fromkeys(
        ["A person signs in", "Zero is less", "A last one", "Data is kept", "Rows are read", "The base stands", "An object is kept"],
        "passed",
    )
    assert (made.selected, made.exit_code) == (7, 0)
    assert {component.name: component.result for component in made.components} == dict.fromkeys(
        ["login", "objects", "base", "database"], "converged"
    )
    assert all(scenario.worker in (("gw0", "gw1") if workers else ("",)) for scenario in made.scenarios)
    folder = project.pytester.path / "build/acceptance"
    assert {"index.html", "junit.xml", "cucumber.json", "messages.ndjson", "results.json", "history.json"} <= {
        path.name for path in folder.iterdir()
    }


@PROCESSES
def test_junit_and_the_reports_agree_on_every_outcome(troubled, workers) -> None:
    run(troubled, "features/", *workers)
    made = results(troubled)
    assert made.exit_code == pytest.ExitCode.TESTS_FAILED
    assert endings(made) == {
        "Good": "passed", "Wrong": "failed", "Blank": "failed", "None": "unavailable", "The base stands": "passed",
        **dict.fromkeys(["A person signs in", "Zero is less", "A last one", "Data is kept", "Rows are read"], "blocked"),
    }  # fmt: skip
    suite = ElementTree.parse(troubled.pytester.path / "build/acceptance/junit.xml").getroot()[0]  # noqa: S314
    found = {case.get("name"): [child.tag for child in case] for case in suite}
    tags = {"passed": [], "failed": ["failure"], "blocked": ["failure"], "unavailable": ["skipped"]}
    assert found == {name: tags[outcome] for name, outcome in endings(made).items()}


def test_a_failure_says_what_was_wanted_and_seen_and_which_step_it_was(troubled) -> None:
    run(troubled, "features/core/objects.feature")
    scenarios = {scenario.name: scenario for scenario in results(troubled).scenarios}
    wrong, blank, none = (scenarios[name] for name in ("Wrong", "Blank", "None"))
    assert (wrong.failure.wanted, wrong.failure.seen) == ("Then one is two", "assert 1 == 2")
    assert wrong.failure.text.startswith("wanted: Then one is two")
    assert "def _():" in wrong.failure.traceback
    assert [step.outcome for step in wrong.steps] == ["passed", "failed"]
    assert wrong.steps[1].definition.startswith("steps/some.py:")
    assert (blank.failure.wanted, blank.failure.seen, blank.failure.next_command) == ("the page", "a blank one", "look again")
    assert none.failure.seen == "this release has none"
    assert all(step.started_at > 0 for step in wrong.steps)


def test_what_a_step_attaches_stands_beside_it(project) -> None:
    project.write(
        "steps/more.py",
        """
        from pytest_bdd import then

        @then("there is a picture")
        def _(attach):
            attach("The picture", b"\\x89PNG")
            attach("The words", "token=12345678 and more", "text/plain")
        """,
    )
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", "Seen | there is a picture"))
    run(project, "features/core/objects.feature", "-n", "1").assert_outcomes(passed=1)
    (scenario,) = results(project).scenarios
    assert [(attached.title, attached.media_type) for attached in scenario.steps[-1].attachments] == [
        ("The picture", "image/png"),
        ("The words", "text/plain"),
    ]
    assert scenario.steps[-1].attachments[0].content == "iVBORw=="


@PROCESSES
def test_what_breaks_outside_the_steps_fails_the_scenario(project, workers) -> None:
    project.write(
        "steps/more.py",
        """
        import pytest
        from pytest_bdd import then

        @pytest.fixture
        def room():
            yield
            raise OSError("no room left")

        @pytest.fixture(autouse=True)
        def ground(request):
            if "stands" in request.node.name:
                raise OSError("no ground")

        @then("it has room")
        def _(room):
            pass
        """,
    )
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", "Roomy | it has room"))
    run(project, "features/core/objects.feature", "features/infrastructure/base.feature", *workers)
    failures = {
        scenario.name: (scenario.outcome.value, scenario.failure.phase, scenario.failure.seen) for scenario in results(project).scenarios
    }
    assert failures == {
        "Roomy": ("failed", "teardown", "OSError: no room left"),
        "The base stands": ("failed", "setup", "OSError: no ground"),
    }


def test_a_secret_that_only_a_worker_has_seen_stands_in_no_report(project) -> None:
    project.write(
        "steps/more.py",
        """
        from pytest_bdd import then
        from converge.redaction import REDACTOR

        @then("the secret is told")
        def _(attach):
            value = "".join(("c4nary", "-only-", "here"))
            REDACTOR.add(value)
            print(value)
            attach("Words", value, "text/plain")
            raise AssertionError(f"seen {value} & <{value}>")
        """,
    )
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", "Told | the secret is told"))
    result = run(project, "features/core/objects.feature", "-n", "1")
    result.assert_outcomes(failed=1)
    written = [path.read_text() for path in (project.pytester.path / "build/acceptance").iterdir()]
    assert any("(secret)" in text for text in written)
    assert not [text for text in (*written, result.stdout.str(), result.stderr.str()) if "c4nary-only-here" in text]


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
    run(project, "features/core/objects.feature").assert_outcomes(passed=2)
    assert [scenario.steps[-1].text for scenario in results(project).scenarios] == ["it has 1Gi", "it has 2Gi"]
    lines = [json.loads(line) for line in (project.pytester.path / "build/acceptance/messages.ndjson").read_text().splitlines()]
    assert len({line["testCase"]["pickleId"] for line in lines if "testCase" in line}) == 2


def test_a_worker_that_dies_leaves_a_failed_scenario_behind(project) -> None:
    project.write(
        "steps/more.py",
        """
        import os
        from pytest_bdd import then

        @then("the process dies")
        def _():
            os._exit(3)
        """,
    )
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", "Deadly | the process dies", "Good"))
    run(project, "features/core/objects.feature", "-n", "1")
    assert endings(results(project)) == {"Deadly": "failed", "Good": "passed"}


def test_reports_go_where_they_are_asked_to(project) -> None:
    run(project, "features/", "--report-dir", "elsewhere", "--junitxml", "mine.xml")
    assert len(results(project, "elsewhere").scenarios) == 7
    assert (project.pytester.path / "mine.xml").exists()
    assert not (project.pytester.path / "elsewhere/junit.xml").exists()


@pytest.mark.parametrize("option", ["--plan", "--collect-only"])
def test_what_runs_no_scenario_writes_no_report(project, option: str) -> None:
    run(project, "features/", option)
    assert not (project.pytester.path / "build/acceptance/index.html").exists()
    assert not (project.pytester.path / "build/acceptance/junit.xml").exists()


def test_plain_tests_write_no_report(project) -> None:
    run(project, "tests/").assert_outcomes(passed=1)
    assert not (project.pytester.path / "build").exists()


@PROCESSES
def test_waiting_for_convergence_is_not_the_time_of_a_scenario(project, workers) -> None:
    project.write(
        "conftest.py",
        (project.pytester.path / "conftest.py").read_text()
        + """

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    # An hour passes while it waits; the clock is the test's.
    import wiring.waiting
    hours = iter((0.0, 3600.0))
    wiring.waiting.time = type("Clock", (), {"perf_counter": staticmethod(lambda: next(hours))})


def pytest_unconfigure():
    import time
    import wiring.waiting
    wiring.waiting.time = time
""",
    )
    run(project, "features/infrastructure/base.feature", "--durations=0", *workers).assert_outcomes(passed=1)
    (scenario,) = results(project).scenarios
    assert scenario.waited_s == 3600
    assert scenario.seconds >= 0
    html = (project.pytester.path / "build/acceptance/index.html").read_text()
    assert "it waited 1 h 00 min for its components" in html
