"""Converging: what a scenario needs is brought up first, and a second converge finds nothing to do."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from converge.engine.converger import Convergence
from converge.engine.outcome import Outcome
from converge.engine.platform import Platform


@given(parsers.re(r'"(?P<name>[^"]+)" is converged'))
def converged(convergence: Convergence, name: str) -> None:
    convergence.wait_for(name)


@when(parsers.re(r'the operator converges "(?P<name>[^"]+)" again'), target_fixture="outcome")
def converge_again(convergence: Convergence, name: str) -> Outcome:
    return convergence.again(name)


@then("nothing was written")
def nothing_written(outcome: Outcome) -> None:
    assert not outcome.changes, "written: " + ", ".join(outcome.changes)


@then(parsers.re(r'"(?P<name>[^"]+)" has not drifted'))
def not_drifted(platform: Platform, name: str) -> None:
    plan = platform.plan(name)
    assert not plan, f"differs from what is wanted:\n{plan}"
