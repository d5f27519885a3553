"""Rollbacks: what converging made is taken away and made anew, and data is still there."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_bdd import parsers, then, when

from converge.engine.converger import Convergence
from converge.engine.outcome import Result


@dataclass(frozen=True)
class TakenBack:
    """Names of what was removed, and of what was written afterwards: ``{"Deployment keycloak/keycloak"}``."""

    removed: frozenset[str]
    made: frozenset[str]


@when(parsers.re(r'the operator rolls "(?P<name>[^"]+)" back and converges it again'), target_fixture="taken_back")
def roll_back_and_converge(convergence: Convergence, name: str) -> TakenBack:
    outcomes = convergence.roll_back(name)
    failed = [f"{outcome.component}: {outcome.text}" for outcome in outcomes if outcome.result is not Result.ROLLED_BACK]
    assert not failed, "\n".join(failed)
    made = convergence.wait_for(name).changes
    return TakenBack(*(frozenset(text.partition(" ")[2] for text in changes) for changes in (outcomes[-1].changes, made)))


@then("all that was taken away was made anew")
def made_anew(taken_back: TakenBack) -> None:
    assert taken_back.removed, "nothing was taken away"
    assert taken_back.removed <= taken_back.made, f"not made again: {', '.join(sorted(taken_back.removed - taken_back.made))}"
