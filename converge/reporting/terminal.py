"""What a person sees: one line a change or a live line a component while it runs, and the account at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result
from converge.progress import State

Scenario = tuple[str, str]
"""A scenario's node id and why it ended as it did."""


class Display:
    """A Progress, and the place to which whole lines about scenarios go: on a pipe one line a turn, on a terminal a live block below.

    ``out`` is pytest's own output, which capturing leaves alone.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._last: dict[str, tuple[State, str]] = {}

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """Show a turn of the work; what repeats itself is shown once."""
        with self._lock:
            if self._last.get(subject) == (state, detail):
                return
            self._last[subject] = (state, detail)
            self._line(f"{self._clock()}  {subject}: {state.value}{': ' + detail if detail else ''}")

    def scenario(self, nodeid: str, outcome: str, seconds: float, when: str) -> None:
        """Show the end of a scenario (or of its setup or teardown, where that is what failed)."""
        file, _, title = nodeid.partition("::")
        where = "" if when == "call" else f" in {when}"
        with self._lock:
            feature = file.removeprefix("features/").removesuffix(".feature")
            self._line(f"{self._clock()}  {outcome:<11} {feature}: {title}{where} ({seconds:.1f} s)")

    def close(self) -> None:
        """Leave the terminal as pytest expects it."""

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def _clock(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{minutes:3d}:{seconds:02d}"


def summary(
    graph: Graph, outcomes: Mapping[str, Outcome], unavailable: Sequence[Scenario], blocked: Sequence[Scenario]
) -> Iterator[tuple[str, str]]:
    """The sections of the account: what converged, what did not and why (each cause once), what is unavailable."""
    if done := [outcome for outcome in outcomes.values() if outcome.result is Result.CONVERGED]:
        seconds = {outcome.component: outcome.seconds for outcome in done}
        done.sort(key=lambda outcome: graph.order.index(outcome.component))
        rows = [f"{outcome.component:<16} {outcome.seconds:6.1f} s  {len(outcome.changes) or 'nothing'} written" for outcome in done]
        chain = graph.longest_chain(seconds)
        rows.append(f"longest chain: {' → '.join(chain)} ({sum(seconds[name] for name in chain):.1f} s)")
        yield "converged", "\n".join(rows)
    for outcome in outcomes.values():
        if outcome.result is Result.FAILED:
            held = [other.component for other in outcomes.values() if other.result is Result.BLOCKED and other.by == outcome.component]
            count = sum(1 for _, reason in blocked if reason == f"blocked by {outcome.component}")
            rows = [outcome.text]
            if held:
                rows.append(f"blocks:  {', '.join(held)}")
            if count:
                rows.append(f"         {count} scenario{'s' if count > 1 else ''}")
            yield f"{outcome.component} did not converge", "\n".join(rows)
    reasons = [(outcome.component, outcome.text) for outcome in outcomes.values() if outcome.result is Result.UNAVAILABLE]
    if reasons or unavailable:
        yield "unavailable", "\n".join(f"{what}\n    {why}" for what, why in (*reasons, *unavailable))
