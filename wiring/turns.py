"""Which scenarios may run beside each other: who takes something away from a component is alone with all that stand on it."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from converge.engine.graph import Graph

TARGETS: pytest.StashKey[Iterable[str]] = pytest.StashKey()
"""The components that a scenario is about; what a disruptive one takes away is among them."""
LOSING = re.compile(r'every pod of "([^"]+)" is deleted')
PLATFORM = "platform"
"""What every scenario shares, and rollbacks and rotations have alone."""
OF_THE_PLATFORM = frozenset({"rollback", "rotation"})
DISRUPTIVE = "disruptive"


def register(config: pytest.Config, folder: Path, graph: Graph) -> None:
    """Let the scenarios of this process take turns with those of others that were given the same folder."""
    config.pluginmanager.register(Turns(folder, graph), "turns")


def losing(step: str, example: Mapping[str, Any]) -> Iterable[str]:
    """The components that lose their pods in a step: ``every pod of "<component>" is deleted`` with ``{"component": "valkey"}``."""
    for name, value in example.items():
        step = step.replace(f"<{name}>", str(value))
    return LOSING.findall(step)


def claims(targets: Iterable[str], kinds: Iterable[str], graph: Graph) -> dict[str, bool]:
    """What a scenario claims while it runs, and whether for itself alone, in the order in which everybody claims."""
    names = sorted(targets)
    found = dict.fromkeys(graph.closure(names), False)
    if DISRUPTIVE in kinds:
        found |= dict.fromkeys(names, True)
    return {PLATFORM: not OF_THE_PLATFORM.isdisjoint(kinds), **{name: found[name] for name in sorted(found)}}


class Turns:
    """A lock on a file for each component, which the system gives back when a process dies."""

    def __init__(self, folder: Path, graph: Graph) -> None:
        self._folder = folder
        self._graph = graph

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Its fixtures included: they clean up what the scenario made."""
        kinds = {mark.name for mark in item.iter_markers()}
        with ExitStack() as held:
            for name, is_alone in claims(item.stash.get(TARGETS, ()), kinds, self._graph).items():
                file = held.enter_context((self._folder / f"turn-{name}").open("a"))
                # Whoever waits to be alone keeps the queue, so that those who share cannot pass for ever.
                with (self._folder / f"queue-{name}").open("a") as queue:
                    fcntl.flock(queue, fcntl.LOCK_EX)
                    fcntl.flock(file, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
            return (yield)
