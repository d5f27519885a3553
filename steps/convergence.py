"""Converging: what a scenario needs is brought up first, and a second converge finds nothing to do."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from converge.engine.converger import Convergence
from converge.engine.outcome import Outcome
from converge.engine.platform import Platform
from converge.errors import Drifted, Unavailable


@given(parsers.re(r'"(?P<name>[^"]+)" is converged'))
def converged(platform: Platform, convergence: Convergence, name: str) -> None:
    if name not in platform.components:
        raise Unavailable(f"the component {name}", seen="this inventory leaves it out")
    convergence.wait_for(name)


@when(parsers.re(r'the operator converges "(?P<name>[^"]+)" again'), target_fixture="outcome")
def converge_again(convergence: Convergence, name: str) -> Outcome:
    return convergence.again(name)


@then("nothing was written")
def nothing_written(outcome: Outcome) -> None:
    if outcome.changes:
        raise Drifted(outcome.component, "\n".join(outcome.changes))


@then(parsers.re(r'"(?P<name>[^"]+)" has not drifted'))
def not_drifted(platform: Platform, name: str) -> None:
    from converge.engine.planner import plan

    if changes := plan(platform, name):
        raise Drifted(name, str(changes))
