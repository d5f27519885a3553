"""The graph of components: what comes before what, what a selection needs, what a failure holds back."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from converge.errors import ThinkubeError


class BadGraph(ThinkubeError):
    """A component requires an unknown one, or, over others, itself."""

    usual_next = "thinkube inventory check"

    exit_code = 4


class Graph:
    """``Graph({"storage": ["control-node"], "control-node": []})``: each name with the names that it requires.

    ``provisioners`` are those that only make things for others, such as volumes: nobody misses their pods for a moment.

    Raises:
        BadGraph: a name is unknown or the requirements go round in a circle; every unknown name is told at once.
    """

    def __init__(self, requires: Mapping[str, Iterable[str]], provisioners: Iterable[str] = ()) -> None:
        self.requires: dict[str, tuple[str, ...]] = {name: tuple(dict.fromkeys(needs)) for name, needs in requires.items()}
        self._provisioners = frozenset(provisioners)
        unknown = [
            f"{name} → {need}{nearest(need, self.requires)}"
            for name, needs in self.requires.items()
            for need in needs
            if need not in self.requires
        ]
        if unknown:
            raise BadGraph("every required component to exist", seen="\n".join(unknown))
        self.order: tuple[str, ...] = self._sorted()
        self._place = {name: place for place, name in enumerate(self.order)}
        self._required_by: dict[str, list[str]] = {name: [] for name in self.requires}
        for name, needs in self.requires.items():
            for need in needs:
                self._required_by[need].append(name)

    def closure(self, names: Iterable[str], alone: Collection[str] = ()) -> tuple[str, ...]:
        """These components and all that they require, in order; of those that are ``alone`` only themselves."""
        return self._reach(
            names, {name: () if name in alone else needs for name, needs in self.requires.items()} if alone else self.requires
        )

    def dependants(self, name: str) -> tuple[str, ...]:
        """All components that require this one, directly or not, in order."""
        return tuple(found for found in self._reach([name], self._required_by) if found != name)

    def leans_on(self, names: Iterable[str]) -> tuple[str, ...]:
        """Whose pods these components need at every moment, in order: themselves, and all that they require but provisioners."""
        own = set(names)
        return tuple(name for name in self.closure(own) if name in own or name not in self._provisioners)

    def disturbed_by(self, name: str) -> tuple[str, ...]:
        """All components that notice at once when this one loses its pods, in order; nobody where it is a provisioner."""
        return () if name in self._provisioners else self.dependants(name)

    def levels(self) -> tuple[tuple[str, ...], ...]:
        """What may happen at the same time: each level needs only earlier ones."""
        level: dict[str, int] = {}
        for name in self.order:
            level[name] = 1 + max((level[need] for need in self.requires[name]), default=-1)
        return tuple(tuple(name for name in self.order if level[name] == depth) for depth in range(max(level.values(), default=-1) + 1))

    def longest_chain(self, seconds: Mapping[str, float]) -> tuple[str, ...]:
        """The chain of requirements that takes longest: what has to get faster for the whole to get faster."""
        total: dict[str, float] = {}
        before: dict[str, str | None] = {}
        for name in (name for name in self.order if name in seconds):
            known = [need for need in self.requires[name] if need in total]
            before[name] = max(known, key=total.__getitem__, default=None)
            total[name] = seconds[name] + (total[before[name] or ""] if before[name] else 0.0)
        chain: list[str] = []
        step = max(total, key=total.__getitem__, default=None)
        while step is not None:
            chain.append(step)
            step = before[step]
        return tuple(reversed(chain))

    def _sorted(self) -> tuple[str, ...]:
        """Requirements first; among those that may come next, the one that was named first."""
        place = {name: index for index, name in enumerate(self.requires)}
        sorter = TopologicalSorter(self.requires)
        try:
            sorter.prepare()
        except CycleError as error:
            raise BadGraph("requirements without a circle", seen=" → ".join(reversed(error.args[1]))) from None
        ready: list[tuple[int, str]] = []
        order: list[str] = []
        while sorter.is_active():
            for name in sorter.get_ready():
                heapq.heappush(ready, (place[name], name))
            _, name = heapq.heappop(ready)
            order.append(name)
            sorter.done(name)
        return tuple(order)

    def _reach(self, names: Iterable[str], edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
        seen: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in edges:
                raise BadGraph("a component that exists", seen=f"{name}{nearest(name, edges)}")
            if name not in seen:
                seen.add(name)
                pending.extend(edges[name])
        return tuple(sorted(seen, key=self._place.__getitem__))


def nearest(name: str, known: Iterable[str]) -> str:
    """``nearest("keycloack", names)`` is ``" (did you mean keycloak?)"``; empty where nothing is near."""
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(near)}?)" if near else ""
