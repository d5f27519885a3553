"""Rollback scenarios: asked for by name, last and from the top down, alone, and never leaving anything rolled back."""

from __future__ import annotations

import pytest

FEATURE = """\
@core @{component} @{issue}
Feature: {title} comes back
  Background:
    Given "{component}" is converged

  @rollback
  Scenario: {title} is there again
    When the operator rolls "{component}" back and converges it again
    Then it works
"""


@pytest.fixture
def rollbacks(project):
    for component, issue in (("login", "CORE-004"), ("database", "CORE-005")):
        text = FEATURE.format(component=component, issue=issue, title=component.capitalize())
        project.write(f"features/core/{component}-rollback.feature", text)
    return project


def did(project, verb):
    return [call.partition(" ")[2] for call in project.calls if call.partition(" ")[0] == verb]


def test_they_are_left_out_and_that_is_said(rollbacks) -> None:
    result = rollbacks.run("features/")
    result.assert_outcomes(passed=7, deselected=2)
    result.stdout.fnmatch_lines(["2 rollback scenarios: pytest features/ -m rollback"])
    assert not did(rollbacks, "roll-back")


def test_asked_for_they_run_from_what_nothing_requires_to_what_all_require(rollbacks) -> None:
    rollbacks.run("features/", "-m", "rollback").assert_outcomes(passed=2, deselected=7)
    assert did(rollbacks, "roll-back") == ["login", "database"]


def test_one_can_be_named(rollbacks) -> None:
    rollbacks.run("features/core/login-rollback.feature::Login is there again").assert_outcomes(passed=1)


def test_with_the_others_they_come_last(rollbacks) -> None:
    result = rollbacks.run("features/", "-m", "rollback or core")
    result.assert_outcomes(passed=8, deselected=1)
    calls = [call.partition(" ")[0] for call in rollbacks.calls]
    assert calls.index("roll-back") == 4


def test_what_depended_on_it_is_converged_again_before_the_run_ends(rollbacks) -> None:
    rollbacks.run("features/", "-m", "rollback").assert_outcomes(passed=2, deselected=7)
    assert did(rollbacks, "converge")[:3] == ["base", "database", "login"]
    assert did(rollbacks, "converge")[3:] == ["login", "database", "login"]
    assert rollbacks.calls[-1] == "close base"


def test_what_cannot_be_taken_away_is_a_failure(rollbacks, monkeypatch) -> None:
    monkeypatch.setenv("FAKE_STUCK", "login")
    result = rollbacks.run("features/", "-m", "rollback")
    result.assert_outcomes(passed=1, failed=1, deselected=7)
    result.stdout.fnmatch_lines(["*a finalizer holds it*"])


def test_verify_only_never_rolls_back(rollbacks) -> None:
    rollbacks.run("features/", "-m", "rollback", "--verify-only").assert_outcomes(deselected=9)


def test_a_rollback_is_alone_while_others_verify(rollbacks) -> None:
    rollbacks.write(
        "steps/watching.py",
        """
        import os
        import time
        from pathlib import Path

        from pytest_bdd import then


        @then("nobody else takes something away")
        def _():
            here = Path(f"looking.{os.getpid()}")
            here.touch()
            time.sleep(0.3)
            assert not Path("taking").exists()
            here.unlink()


        @then("nobody else is looking")
        def _():
            Path("taking").touch()
            time.sleep(0.3)
            assert not list(Path().glob("looking.*"))
            Path("taking").unlink()
        """,
    )
    looking = [f"Scenario {number} | nobody else takes something away" for number in range(6)]
    taking = [f"Pods {number} are lost | nobody else is looking | @disruptive" for number in range(3)]
    rollbacks.write("features/core/objects.feature", rollbacks.feature("objects", "CORE-006", "core", *looking, *taking))
    rollbacks.run_apart("features/core/objects.feature", "-n", "3").assert_outcomes(passed=9)
