"""A run in which much goes wrong, in one process and in two: what it shows and what it leaves behind. Many tests look at two runs."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree

import pytest

SCENARIOS = {
    "Good": ("it works", "passed"),
    "Wrong": ("one is two", "failed"),
    "Blank": ("the page is shown", "failed"),
    "None": ("the console exists", "unavailable"),
    "Groundless": ("it works", "failed"),
    "Roomy": ("it has room", "failed"),
    "Seen": ("there is a picture", "passed"),
    "Told": ("the secret is told", "failed"),
}
"""Of one component: its last step, and how it ends."""
OTHERS = {"The base stands": "passed"} | dict.fromkeys(
    ["A person signs in", "Zero is less", "A last one", "Data is kept", "Rows are read"], "blocked"
)
STEPS = """
import pytest
from pytest_bdd import then
from converge.redaction import REDACTOR

@pytest.fixture
def room():
    yield
    raise OSError("no room left")

def pytest_runtest_setup(item):
    if item.name == "Groundless":
        raise OSError("no ground")

@then("it has room")
def _(room):
    pass

@then("there is a picture")
def _(attach):
    attach("The picture", b"\\x89PNG")
    attach("The words", "token=12345678 and more", "text/plain")

@then("the secret is told")
def _(attach):
    value = "".join(("c4nary", "-only-", "here"))
    REDACTOR.add(value)
    print(value)
    attach("Words", value, "text/plain")
    raise AssertionError(f"seen {value} & <{value}>")
"""


class Troubled(NamedTuple):
    """What went wrong, and where."""

    project: object
    result: pytest.RunResult
    is_verbose: bool

    @property
    def scenarios(self):
        return {scenario.name: scenario for scenario in self.project.results().scenarios}


@pytest.fixture(scope="module", params=[("-n", "0"), ("-n", "2", "-v")], ids=["one process", "two workers"])
def troubled(new_project, request) -> Troubled:
    """A component that cannot be had, and scenarios that end in every way."""
    project = new_project()
    project.write("steps/more.py", STEPS)
    scenarios = [f"{title} | {step}" for title, (step, _) in SCENARIOS.items()]
    project.write("features/core/objects.feature", project.feature("objects", "CORE-006", "core", *scenarios))
    return Troubled(project, project.run_apart("features/", *request.param, FAKE_BROKEN="database"), "-v" in request.param)


def test_junit_and_the_reports_agree_on_every_outcome(troubled) -> None:
    made = troubled.project.results()
    assert made.exit_code == troubled.result.ret == pytest.ExitCode.TESTS_FAILED
    ended = {scenario.name: scenario.outcome.value for scenario in made.scenarios}
    assert ended == {title: outcome for title, (_, outcome) in SCENARIOS.items()} | OTHERS
    suite = ElementTree.parse(troubled.project.path / "build/acceptance/junit.xml").getroot()[0]  # noqa: S314
    found = {case.get("name"): [child.tag for child in case] for case in suite}
    tags = {"passed": [], "failed": ["failure"], "blocked": ["failure"], "unavailable": ["skipped"]}
    outside_the_steps = {"Groundless": ["error"], "Roomy": ["error"]}
    assert found == {name: tags[outcome] for name, outcome in ended.items()} | outside_the_steps


def test_the_short_summary_names_what_failed_and_with_what(troubled) -> None:
    for line in (
        "FAILED features/core/objects.feature::Wrong - assert 1 == 2",
        "FAILED features/core/objects.feature::Blank - *",
        "FAILED features/core/objects.feature::Told - *",
        "ERROR features/core/objects.feature::Groundless - OSError: no ground",
        "ERROR features/core/objects.feature::Roomy - OSError: no room left",
    ):
        troubled.result.stdout.fnmatch_lines([line])
    assert sum(line.startswith("FAILED") for line in troubled.result.outlines) == 3
    assert troubled.result.parseoutcomes() == {"passed": 4, "failed": 3, "errors": 2, "unavailable": 1, "blocked": 5}


def test_the_traceback_comes_where_it_is_asked_for_and_the_shape_last(troubled) -> None:
    traceback, again = (["*assert one == 2"], "-vv") if troubled.is_verbose else ([], "-v")
    shape = ["wanted: Then one is two*", "seen:   assert 1 == 2", f"next:   *::Wrong {again}"]
    troubled.result.stdout.fnmatch_lines([*traceback, *shape])
    assert ("assert one == 2" in troubled.result.stdout.str()) == troubled.is_verbose


def test_why_a_component_failed_is_told_once(troubled) -> None:
    assert troubled.result.stdout.str().count("its long diagnosis") == 1


def test_a_failure_says_what_was_wanted_and_seen_and_which_step_it_was(troubled) -> None:
    wrong, blank, none = (troubled.scenarios[name] for name in ("Wrong", "Blank", "None"))
    assert (wrong.failure.wanted, wrong.failure.seen) == ("Then one is two", "assert 1 == 2")
    assert wrong.failure.text.startswith("wanted: Then one is two")
    assert "def _():" in wrong.failure.traceback
    assert [step.outcome for step in wrong.steps] == ["passed", "failed"]
    assert wrong.steps[1].definition.startswith("steps/some.py:")
    assert (blank.failure.wanted, blank.failure.seen, blank.failure.next_command) == ("the page", "a blank one", "thinkube status")
    assert none.failure.seen == "this release has none"
    assert all(step.started_at > 0 for step in wrong.steps)


def test_what_breaks_outside_the_steps_fails_the_scenario(troubled) -> None:
    failures = {name: troubled.scenarios[name].failure for name in ("Groundless", "Roomy")}
    assert {name: (failure.phase, failure.seen) for name, failure in failures.items()} == {
        "Groundless": ("setup", "OSError: no ground"),
        "Roomy": ("teardown", "OSError: no room left"),
    }


def test_what_a_step_attaches_stands_beside_it(troubled) -> None:
    attachments = troubled.scenarios["Seen"].steps[-1].attachments
    assert [(attached.title, attached.media_type) for attached in attachments] == [
        ("The picture", "image/png"),
        ("The words", "text/plain"),
    ]
    assert attachments[0].content == "iVBORw=="


def test_a_secret_that_only_a_worker_has_seen_stands_in_no_report(troubled) -> None:
    written = [path.read_text() for path in (troubled.project.path / "build/acceptance").iterdir()]
    assert any("(secret)" in text for text in written)
    said = (troubled.result.stdout.str(), troubled.result.stderr.str())
    assert not [text for text in (*written, *said) if "c4nary-only-here" in text]
