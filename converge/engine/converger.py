"""Runs the graph: what is independent at the same time, what depends after what it requires, each component once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result

Work = Callable[[str], Outcome]
"""Converges (or verifies) one component; never raises."""

Rollback = Callable[[str], Sequence[Outcome]]
"""Rolls back a component after what requires it; never raises."""


class Convergence(Protocol):
    """What a step asks; the same in the converging process and in those that wait for it."""

    def select(self, names: Iterable[str]) -> None:
        """Begin with these components and what they require, in the background; components once begun stay."""

    def wait_for(self, name: str) -> Outcome:
        """Wait until the component has converged.

        Raises:
            Blocked: it, or something that it requires, did not converge.
            Unavailable: it cannot exist with this inventory.
        """

    def again(self, name: str) -> Outcome:
        """Converge it a second time, now (under ``--verify-only``: plan it); ``changes`` says what was (would be) written.

        Raises:
            Blocked: it, or something that it requires, did not converge.
        """

    def roll_back(self, name: str) -> Sequence[Outcome]:
        """Roll it back now, what requires it first; its own outcome comes last. Who waits for one of them converges it anew.

        Nobody may need them meanwhile: see `wiring.locks`.
        """

    def rotate(self, name: str) -> Outcome:
        """Give the generated Secret ``keycloak/keycloak-admin`` new values now; ``text`` says why where that failed."""


class Converger:
    """Converges in background threads (the work is waiting): one a component, which waits for those of its requirements.

    ``work`` is done once a component; ``repeat`` each time that a step asks ``again``. ``on_outcome`` hears every outcome once,
    ``begin`` the names of those that are about to be worked on. ``roll_back`` takes back what ``work`` did. What is ``unavailable`` waits
    for nothing: nothing is begun for it.
    """

    def __init__(
        self,
        graph: Graph,
        work: Work,
        repeat: Work,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        begin: Callable[[list[str]], None] = lambda _: None,
        roll_back: Rollback = lambda _: (),
        rotate: Work = lambda name: Outcome(name, Result.FAILED, text="nobody rotates here"),
        unavailable: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._graph = graph
        self._work = work
        self._repeat = repeat
        self._on_outcome = on_outcome
        self._begin = begin
        self._roll_back = roll_back
        self._rotate = rotate
        self._unavailable = unavailable
        self._missing: dict[str, None] = {}
        self._changed = threading.Condition()
        self._threads: dict[str, threading.Thread] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._repeating: dict[str, threading.Lock] = {}
        self._stopped = False

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """The outcomes so far, in the order in which they came."""
        with self._changed:
            return dict(self._outcomes)

    def select(self, names: Iterable[str]) -> None:
        """Begin with these components and what they require."""
        with self._changed:
            wanted = self._graph.closure(names, self._unavailable())
            new = [name for name in wanted if name not in self._threads and not self._stopped]
            if new:
                self._begin(new)
                for name in new:
                    self._threads[name] = threading.Thread(target=self._run, args=(name,), name=f"converge {name}", daemon=True)
                    self._threads[name].start()

    def outcome(self, name: str) -> Outcome:
        """Wait for a component's outcome, whatever it is."""
        self.select([name])
        with self._changed:
            self._changed.wait_for(lambda: name in self._outcomes or self._stopped)
            return self._outcomes.get(name) or _interrupted(name)

    def wait_for(self, name: str) -> Outcome:
        """Wait until the component has converged; raises Blocked or Unavailable where it did not."""
        return self.outcome(name).require()

    def again(self, name: str) -> Outcome:
        """Converge it a second time, now."""
        self.wait_for(name)
        with self._repeating.setdefault(name, threading.Lock()):
            return self._repeat(name).require()

    def roll_back(self, name: str) -> Sequence[Outcome]:
        """Roll it back now, what requires it first."""
        concerned = {name, *self._graph.dependants(name)}
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or concerned.isdisjoint(self._threads.keys() - self._outcomes.keys()))
        outcomes = self._roll_back(name)
        with self._changed:
            for outcome in outcomes:
                if self._threads.pop(outcome.component, None):
                    del self._outcomes[outcome.component]
                    self._missing[outcome.component] = None
        for outcome in outcomes:
            self._on_outcome(outcome)
        return outcomes

    def rotate(self, name: str) -> Outcome:
        """Give a generated Secret new values."""
        return self._rotate(name)

    def restore(self) -> None:
        """Converge again what was rolled back, and wait for it."""
        for name in self._graph.closure(list(self._missing)):
            self.outcome(name)

    def stop(self, patience_s: float = 10) -> None:
        """Begin nothing new, and give what runs ``patience_s`` to reach its end; whoever waits gets an answer at once."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            running = [thread for thread in self._threads.values() if thread.is_alive()]
        deadline = time.monotonic() + patience_s
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, name: str) -> None:
        needs = () if name in self._unavailable() else self._graph.requires[name]
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or all(need in self._outcomes for need in needs))
            if self._stopped:
                return
            held_back = next((found for need in needs if (found := self._outcomes[need]).result is not Result.CONVERGED), None)
        outcome = self._work(name) if held_back is None else _held_back(name, held_back)
        self._on_outcome(outcome)  # before anybody goes on, so that outcomes are heard in the order of the graph
        with self._changed:
            self._outcomes[name] = outcome
            self._missing.pop(name, None)
            self._changed.notify_all()


def _held_back(name: str, need: Outcome) -> Outcome:
    """A dependant of what is unavailable is unavailable; of what failed, blocked by the component at the root of it."""
    if need.result is Result.UNAVAILABLE:
        return Outcome(
            name, Result.UNAVAILABLE, started_at=time.time(), text=f"requires {need.component}: {need.text}", by=need.by or need.component
        )
    by = need.by or need.component
    return Outcome(name, Result.BLOCKED, started_at=time.time(), text=f"blocked by {by}", by=by)


def _interrupted(name: str) -> Outcome:
    return Outcome(name, Result.BLOCKED, started_at=time.time(), text="interrupted", by="an interruption")
