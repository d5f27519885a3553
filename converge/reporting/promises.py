"""The matrix components × promises: what a component's scenarios say about each promise, by their tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from converge.reporting.results import ComponentResult, Results, Scenario, ScenarioOutcome

PROMISES: Mapping[str, frozenset[str]] = {
    "idempotent": frozenset({"idempotence"}),
    "secure": frozenset({"resources", "tls", "security"}),
    "SSO": frozenset({"sso"}),
    "data survives": frozenset({"data"}),
    "rollback": frozenset({"rollback"}),
}
"""Each promise with the tags of the scenarios that prove it; "converged" needs none: converging itself proves it."""

_WORST = list(ScenarioOutcome)


@dataclass(frozen=True)
class Cell:
    """What is known about one promise of one component; without an outcome, no scenario of this run speaks of it."""

    outcome: ScenarioOutcome | None = None
    passed: int = 0
    total: int = 0
    anchor: str = ""

    @classmethod
    def of(cls, scenarios: Sequence[Scenario]) -> Cell:
        """The worst of these scenarios decides, and is what the cell leads to."""
        if not scenarios:
            return cls()
        worst = min(scenarios, key=lambda scenario: _WORST.index(scenario.outcome))
        passed = sum(scenario.outcome is ScenarioOutcome.PASSED for scenario in scenarios)
        return cls(worst.outcome, passed, len(scenarios), worst.anchor)


@dataclass(frozen=True)
class Row:
    """A component's line: one cell a promise, and one for all of its scenarios."""

    component: ComponentResult
    cells: Mapping[str, Cell]

    @property
    def worst(self) -> ScenarioOutcome | None:
        """The worst that is known of it; nothing, where nothing is known."""
        known = [cell.outcome for cell in self.cells.values() if cell.outcome]
        return min(known, key=_WORST.index, default=None)


def matrix(results: Results) -> list[Row]:
    """One row a component, in the platform's order."""
    groups = by_component(results)
    return [Row(component, _cells(component, groups.get(component.name, []))) for component in results.components]


def by_component(results: Results) -> dict[str, list[Scenario]]:
    """The scenarios of each component; those about none of them stand under an empty name."""
    names = [component.name for component in results.components]
    groups: dict[str, list[Scenario]] = {}
    for scenario in results.scenarios:
        groups.setdefault(_component_of(scenario, names), []).append(scenario)
    return groups


def _cells(component: ComponentResult, scenarios: Sequence[Scenario]) -> dict[str, Cell]:
    promised = {name: Cell.of(_tagged(scenarios, tags)) for name, tags in PROMISES.items()}
    return {"converged": _converged(component), **promised, "all scenarios": Cell.of(scenarios)}


def _tagged(scenarios: Iterable[Scenario], tags: frozenset[str]) -> list[Scenario]:
    return [scenario for scenario in scenarios if not tags.isdisjoint(scenario.tags)]


def _converged(component: ComponentResult) -> Cell:
    if component.result in ("", "rolled back"):
        return Cell()
    outcome = ScenarioOutcome.PASSED if component.result == "converged" else ScenarioOutcome(component.result)
    return Cell(outcome, int(outcome is ScenarioOutcome.PASSED), 1, component.anchor)


def _component_of(scenario: Scenario, names: Sequence[str]) -> str:
    """The component that the scenario is tagged with; of several, the one that its file is named for."""
    tagged = [name for name in names if name in scenario.tags]
    stem = scenario.feature.rpartition("/")[2].removesuffix(".feature")
    if stem in names and (stem in tagged or not tagged):
        return stem
    return tagged[0] if tagged else ""
