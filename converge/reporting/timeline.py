"""What ran at the same time: bars of converging, one row a component, and of scenarios, one row a process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from converge.reporting.results import ComponentResult, Results

_DAY_S = 86400
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, _DAY_S)


@dataclass(frozen=True)
class Bar:
    """A stretch of time in percent of the whole."""

    left: float
    width: float
    outcome: str
    title: str


@dataclass(frozen=True)
class Lane:
    """A row: ``note`` says in words what its bars show; ``is_on_chain`` that the run could not have ended sooner for it."""

    name: str
    note: str
    starts_at: float
    seconds: float
    bars: tuple[Bar, ...]
    is_on_chain: bool = False


@dataclass(frozen=True)
class Timeline:
    """All rows over one axis; ``ticks`` are places on it in percent, each with its time in seconds."""

    seconds: float
    ticks: tuple[tuple[float, int], ...]
    converging: tuple[Lane, ...]
    scenarios: tuple[Lane, ...]
    chain: tuple[str, ...]
    chain_seconds: float


def timeline(results: Results) -> Timeline:
    """The run over time."""
    ran = [component for component in results.components if component.seconds > 0]
    ends = [each.started_at + each.seconds for each in ran] + [each.started_at + each.seconds for each in results.scenarios]
    start = results.started_at
    whole = max([results.seconds, *(end - start for end in ends)], default=0.0) or 1.0
    chain, chain_seconds = longest_chain(ran)

    def bar(started_at: float, seconds: float, outcome: str, title: str) -> Bar:
        left = min(100.0, max(0.0, (started_at - start) / whole * 100))
        return Bar(round(left, 3), round(min(100 - left, max(0.0, seconds / whole * 100)), 3), outcome, title)

    converging = tuple(
        Lane(
            name=component.name,
            note=component.result,
            starts_at=component.started_at - start,
            seconds=component.seconds,
            bars=(bar(component.started_at, component.seconds, component.result, component.name),),
            is_on_chain=component.name in chain,
        )
        for component in sorted(ran, key=lambda component: component.started_at)
    )
    scenarios = []
    for worker in sorted({scenario.worker for scenario in results.scenarios}):
        own = [scenario for scenario in results.scenarios if scenario.worker == worker]
        scenarios.append(
            Lane(
                name=worker or "scenarios",
                note=f"{len(own)} scenario{'' if len(own) == 1 else 's'}",
                starts_at=min(scenario.started_at for scenario in own) - start,
                seconds=sum(scenario.seconds for scenario in own),
                bars=tuple(bar(each.started_at, each.waited_s + each.seconds, each.outcome, each.name) for each in own),
            )
        )
    return Timeline(whole, _ticks(whole), converging, tuple(scenarios), chain, chain_seconds)


def longest_chain(components: Iterable[ComponentResult]) -> tuple[tuple[str, ...], float]:
    """The components that followed each other for longest, and for how many seconds."""
    upto: dict[str, tuple[float, tuple[str, ...]]] = {}
    for component in sorted(components, key=lambda component: component.started_at):
        if component.seconds > 0:
            before = max((upto[need] for need in component.requires if need in upto), default=(0.0, ()))
            upto[component.name] = (before[0] + component.seconds, (*before[1], component.name))
    seconds, chain = max(upto.values(), default=(0.0, ()))
    return chain, seconds


def _ticks(whole: float, most: int = 6) -> tuple[tuple[float, int], ...]:
    days = math.ceil(whole / most / _DAY_S) * _DAY_S  # a clock that jumped makes a run as long as that
    step = next((step for step in _STEPS_S if whole / step <= most), days)
    return tuple((round(at / whole * 100, 3), at) for at in _times(whole, step))


def _times(whole: float, step: int) -> Sequence[int]:
    return range(0, int(whole) + 1, step)
