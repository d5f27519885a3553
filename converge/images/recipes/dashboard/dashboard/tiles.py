"""What a tile says of a component: its health, its version, its links, and how its scenarios last ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .catalogue import Component, Link
from .health import Health, Seen, State, judge
from .quantities import ago, moment


@dataclass(frozen=True)
class Verdict:
    """How a component's scenarios last ended; ``report`` is the address of the report, where somebody publishes it."""

    is_good: bool
    text: str
    when: str
    report: str = ""


@dataclass(frozen=True)
class Tile:
    """A component as the front page shows it."""

    name: str
    called: str
    issue: str
    version: str
    links: Sequence[Link]
    state: State
    text: str
    verdict: Verdict | None
    converged: str
    """When it was last changed: ``3 h ago``."""


@dataclass(frozen=True)
class Overview:
    """All tiles, and what they come to."""

    tiles: Sequence[Tile]
    counts: Mapping[State, int]

    @property
    def ailing(self) -> Sequence[Tile]:
        """Those that are not healthy."""
        return [one for one in self.tiles if one.state is State.AILING]

    @property
    def headline(self) -> str:
        """``All 15 components are healthy``."""
        bad, there = self.counts[State.AILING], len(self.tiles) - self.counts[State.ABSENT]
        if bad:
            return f"{bad} of {there} components {'is' if bad == 1 else 'are'} not healthy"
        if self.counts[State.UNKNOWN]:
            return f"{self.counts[State.HEALTHY]} of {there} components are known to be healthy"
        return f"All {there} components are healthy"


def overview(components: Sequence[Component], seen: Seen) -> Overview:
    """The front page's tiles, in the platform's order."""
    tiles = [tile(one, seen) for one in components]
    return Overview(tiles, {state: sum(one.state is state for one in tiles) for state in State})


def tile(component: Component, seen: Seen) -> Tile:
    """One tile."""
    health: Health = judge(component, seen)
    return Tile(
        name=component.name,
        called=component.called,
        issue=component.issue,
        version=_version(component, seen),
        links=component.links,
        state=health.state,
        text=health.text,
        verdict=_verdict(seen.acceptance.get(component.name)),
        converged=_when(seen.converged.get(component.name, {}).get("started", "")),
    )


def _version(component: Component, seen: Seen) -> str:
    """What it runs; machines say it themselves."""
    roles = {probe.target for probe in component.probes if probe.kind == "nodes"}
    if roles and seen.nodes:
        return " ".join(sorted({str(node["status"]["nodeInfo"]["kubeletVersion"]) for node in seen.nodes}))
    return component.version


def _verdict(entry: Mapping[str, Any] | None) -> Verdict | None:
    if not entry:
        return None
    others = [f"{entry[name]} {name}" for name in ("failed", "blocked", "unavailable") if entry.get(name)]
    total = sum(entry.get(name, 0) for name in ("passed", "failed", "blocked", "unavailable"))
    text = ", ".join(others) if others else f"{entry['passed']} passed"
    is_good = not (entry.get("failed") or entry.get("blocked"))
    return Verdict(is_good, f"{text} of {total}" if others else text, _when(entry.get("ended", "")), entry.get("report", ""))


def _when(stamp: str) -> str:
    return ago(moment(stamp)) if stamp else ""
