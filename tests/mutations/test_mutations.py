"""A platform that is broken on purpose turns the right scenario red for the right reason, and a converge makes it whole again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import mutations_of_data
import mutations_of_deliveries
import mutations_of_images
import mutations_of_infrastructure
import mutations_of_logins
import mutations_of_optional
import mutations_of_packages
import mutations_of_pages
import mutations_of_work
import pytest
from mutation import Mutation

from converge.engine.outcome import Result
from converge.engine.planner import plan
from converge.engine.platform import Platform
from converge.engine.reconcile import converge
from converge.waiting import COMES_S

pytestmark = pytest.mark.mutation

Verify = Callable[..., dict[str, Any]]

TABLE = (
    *mutations_of_data.TABLE,
    *mutations_of_logins.TABLE,
    *mutations_of_images.TABLE,
    *mutations_of_infrastructure.TABLE,
    *mutations_of_packages.TABLE,
    *mutations_of_deliveries.TABLE,
    *mutations_of_work.TABLE,
    *mutations_of_pages.TABLE,
    *mutations_of_optional.TABLE,
)


def _selected(request: pytest.FixtureRequest, platform: Platform) -> list[str]:
    """The scenarios of every mutation of this run."""
    chosen = [item.callspec.params["mutation"] for item in request.session.items if hasattr(item, "callspec")]
    return [nodeid for mutation in chosen if mutation.component in platform.components for nodeid in mutation.nodeids]


def test_every_scenario_is_green_before(request: pytest.FixtureRequest, platform: Platform, verify: Verify) -> None:
    """Red means something only where it was green."""
    assert not _red(verify(_selected(request, platform)))


@pytest.mark.parametrize("mutation", [pytest.param(mutation, id=mutation.name) for mutation in TABLE])
def test_a_mutation_turns_its_scenario_red(mutation: Mutation, platform: Platform, verify: Verify, row: Any) -> None:
    if mutation.component not in platform.components:
        row.verdict = "unavailable"
        pytest.skip(f"the inventory leaves out {mutation.component}")
    started = time.monotonic()
    try:
        mutation.breaks(platform)
        row.seconds["break"] = time.monotonic() - started
        red = _red(verify(mutation.nodeids))
        row.seconds["verify"] = time.monotonic() - started - row.seconds["break"]
    finally:
        _repair(mutation, platform)
    row.seconds["repair"] = time.monotonic() - started - sum(row.seconds.values())
    row.seen = "\n\n".join(red.values())
    row.verdict = _verdict(mutation, red)
    assert row.verdict == "killed", row.seen or "every scenario stayed green"
    row.verdict = "not repaired"
    _require_no_drift(mutation, platform)
    row.verdict = "killed"


def test_every_scenario_is_green_afterwards(request: pytest.FixtureRequest, platform: Platform, verify: Verify) -> None:
    """What a converge repaired works again, not only on paper."""
    assert not _red(verify(_selected(request, platform)))


def _red(found: dict[str, Any]) -> dict[str, str]:
    """Scenarios that did not pass, and why."""
    return {
        name: _said((scenario["failure"] or {}).get("text", scenario["outcome"])) for name, scenario in found.items() if _is_red(scenario)
    }


def _said(text: str) -> str:
    """The error without the program text around it, in which any word may stand."""
    lines = [line for line in text.splitlines() if line.startswith("E  ")]
    return "\n".join(lines) or text


def _is_red(scenario: dict[str, Any]) -> bool:
    return bool(scenario["outcome"] != "passed")


def _verdict(mutation: Mutation, red: dict[str, str]) -> str:
    for nodeid in mutation.nodeids:
        texts = [text for name, text in red.items() if name == nodeid or name.startswith(f"{nodeid}[")]
        if not texts:
            return "survived"
        if not any(mutation.reason in text for text in texts):
            return "wrong reason"
    return "killed"


def _repair(mutation: Mutation, platform: Platform) -> None:
    if mutation.undo is not None:
        mutation.undo(platform)
        return
    outcome = converge(platform, mutation.component)
    assert outcome.result is Result.CONVERGED, outcome.text
    assert outcome.changes, "the converge found nothing to repair"


def _require_no_drift(mutation: Mutation, platform: Platform) -> None:
    until = time.monotonic() + COMES_S
    while (found := plan(platform, mutation.component)) and time.monotonic() < until:
        time.sleep(1)
    assert not found, f"still differs after the repair:\n{found}"
