"""Which scenarios come first, and which may run beside each other: who takes a component away is alone with all that stand on it."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wiring.demands import Demand, announce

if TYPE_CHECKING:
    from converge.engine.graph import Graph

TARGETS: pytest.StashKey[Iterable[str]] = pytest.StashKey()
"""The components that a scenario is about; what a disruptive one takes away is among them."""
LOST_PODS = re.compile(r'(?:every pod of|the workloads of) "([^"]+)" (?:is|are|was) deleted')
LOST_NAMES = re.compile(r"restarts the cluster's DNS$")
"""What takes names away from every pod: for a moment nobody's connection to a service can be made."""
BROWSER: pytest.StashKey[bool] = pytest.StashKey()
"""Whether a scenario looks at pages."""
BROWSER_WORD = re.compile(r"\bbrowser\b")
PLATFORM = "platform"
"""What every scenario shares, and rollbacks, rotations and outages have alone."""
ROLLBACK = "rollback"
ROTATION = "rotation"
OUTAGE = "outage"
OF_THE_PLATFORM = frozenset({ROLLBACK, ROTATION, OUTAGE})
DISRUPTIVE = "disruptive"
ALONE = frozenset({DISRUPTIVE, "exclusive"})
"""What a scenario has its own components for itself with."""
TIME_CONSUMING = "time-consuming"


def register(config: pytest.Config, folder: Path, graph: Graph) -> None:
    """Let the scenarios of this process wait for those of others that were given the same folder, where both claim a component."""
    config.pluginmanager.register(Locks(folder, graph), "locks")


def loses_pods(step: str, example: Mapping[str, Any]) -> Iterable[str]:
    """The components that lose their pods in a step: ``every pod of "<component>" is deleted`` with ``{"component": "valkey"}``."""
    for name, value in example.items():
        step = step.replace(f"<{name}>", str(value))
    return [*LOST_PODS.findall(step), *(["control-node"] if LOST_NAMES.search(step) else [])]


def uses_browser(steps: Iterable[str]) -> bool:
    """Whether somebody looks at pages: ``the person signs in to the "account console" with a browser``."""
    return any(BROWSER_WORD.search(step) for step in steps)


def claims(targets: Iterable[str], kinds: Iterable[str], graph: Graph) -> dict[str, bool]:
    """What a scenario claims while it runs, and whether for itself alone, in the order in which everybody claims."""
    names = sorted(targets)
    found = dict.fromkeys(graph.leans_on(names), False)
    if not ALONE.isdisjoint(kinds):
        found |= dict.fromkeys(names, True)
    return {PLATFORM: not OF_THE_PLATFORM.isdisjoint(kinds), **{name: found[name] for name in sorted(found)}}


def place(names: Collection[str], kinds: Collection[str], graph: Graph, *, stands: bool) -> tuple[int, int]:
    """Where a scenario of some components comes: first by the whole number, then by the other, then as features and files have it.

    What takes something away comes when everything has converged, what others stand on last. Where processes share a platform that
    ``stands`` already, nothing is to be converged: what most stand on is taken away first of all, then what waits for long is begun,
    and what requires little comes before what requires much, to have something to do meanwhile.
    Rotations and outages come when all the others have been; rollbacks come last and go the other way, so that each finds what it requires.
    """
    order = sorted(graph.order, key=lambda name: len(graph.closure([name]))) if stands else graph.order
    number = len(order) if not {ROTATION, OUTAGE}.isdisjoint(kinds) else max(map(order.index, names), default=len(order))
    if ROLLBACK in kinds:
        return 3, -number
    if stands and DISRUPTIVE in kinds:
        return 0, -len({found for name in names for found in graph.disturbed_by(name)})
    if stands and TIME_CONSUMING in kinds:
        return 0, 1
    return (2, -number) if DISRUPTIVE in kinds else (1, number)


class Locks:
    """A lock on a file for each component, which the system gives back when a process dies."""

    def __init__(self, folder: Path, graph: Graph) -> None:
        self._folder = folder
        self._graph = graph

    def announce(self, items: Iterable[pytest.Item]) -> None:
        """Tell the scheduler what these scenarios demand."""
        announce(self._folder, (Demand(self._claims(item), item.stash.get(BROWSER, False)) for item in items))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Its fixtures included: they clean up what the scenario made."""
        with ExitStack() as held:
            for name, is_alone in self._claims(item).items():
                file = held.enter_context((self._folder / f"lock-{name}").open("a"))
                # Whoever waits to be alone keeps the queue, so that those who share cannot pass for ever.
                with (self._folder / f"queue-{name}").open("a") as queue:
                    fcntl.flock(queue, fcntl.LOCK_EX)
                    fcntl.flock(file, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
            return (yield)

    def _claims(self, item: pytest.Item) -> dict[str, bool]:
        return claims(item.stash.get(TARGETS, ()), {mark.name for mark in item.iter_markers()}, self._graph)
