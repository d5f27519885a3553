"""What a person sees while it runs: whole lines, and on a terminal below them a live line for each piece of work."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, TextIO

from converge.progress import State
from converge.reporting.results import Scenario, ScenarioOutcome

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

_SECONDS = re.compile(r",? ?\b\d+ s\b")
_FINAL = {State.DONE, State.UNCHANGED, State.FAILED, State.UNAVAILABLE}
_SIGNS = {
    State.DONE: ("✓", "green"),
    State.UNCHANGED: ("✓", "green"),
    State.FAILED: ("✗", "red"),
    State.UNAVAILABLE: ("–", "yellow"),
    State.CHANGED: ("~", "cyan"),
    State.WAITING: ("…", "dim"),
    State.STARTED: ("…", "dim"),
}
_COLOURS = {
    ScenarioOutcome.PASSED: "green",
    ScenarioOutcome.FAILED: "red",
    ScenarioOutcome.BLOCKED: "red",
    ScenarioOutcome.UNAVAILABLE: "yellow",
}


class Display:
    """A Progress, and the place to which whole lines about scenarios go.

    ``out`` is a way to the terminal (or pipe) that capturing does not touch; ``is_live``: lines may change after they are written.
    """

    def __init__(self, out: TextIO, *, is_live: bool = False, is_verbose: bool = False) -> None:
        self.out = out
        self._is_live = is_live
        self._is_verbose = is_verbose
        self._lock = threading.RLock()
        self._started = time.monotonic()
        self._told: dict[str, tuple[State, str]] = {}
        self._work: dict[str, tuple[float, State, str]] = {}
        self._done = 0
        self._scenarios = 0
        self._live: Live | None = None

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """Show a turn of the work: what ends it and, on a pipe, what changes it."""
        with self._lock:
            is_new = subject not in self._work
            since = time.monotonic() if is_new else self._work[subject][0]
            if state in _FINAL:
                self._work.pop(subject, None)
                self._done += 1
            else:
                self._work[subject] = (since, state, detail)
            turn = (state, _SECONDS.sub("", detail))
            if self._told.get(subject) == turn or (self._is_live and state not in _FINAL):
                return
            self._told[subject] = turn
            took = f" ({time.monotonic() - since:.1f} s)" if state in _FINAL and not is_new else ""
            sign, style = _SIGNS[state]
            self._line(f"{sign} {subject}: {state.value}{': ' + detail if detail else ''}{took}", style)

    def scenario(self, scenario: Scenario) -> None:
        """Show the end of a scenario; verbosely with its steps."""
        feature = scenario.feature.removeprefix("features/").removesuffix(".feature")
        with self._lock:
            self._scenarios += 1
            style = _COLOURS.get(scenario.outcome, "")
            self._line(f"{scenario.outcome:<11} {feature}: {scenario.name} ({scenario.seconds:.1f} s)", style)
            for step in scenario.steps if self._is_verbose else ():
                self._line(f"  {step.outcome:<11} {step.keyword} {step.text} ({step.seconds:.1f} s)", _COLOURS.get(step.outcome, "dim"))

    def begin(self) -> None:
        """Start the live lines, where there can be any."""
        if not self._is_live or self._live is not None:
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self.out, highlight=False, markup=False, emoji=False)
        self._live = Live(
            get_renderable=self._block, console=console, refresh_per_second=4, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def close(self) -> None:
        """Take the live lines away and leave the terminal as pytest expects it."""
        with self._lock:
            live, self._live, self._is_live = self._live, None, False
        if live is not None:
            live.stop()

    def _line(self, text: str, style: str) -> None:
        text = f"{_clock(time.monotonic() - self._started)}  {text}"
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(text, style=style), soft_wrap=True)
            return
        self.out.write(text + "\n")
        self.out.flush()

    def _block(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        table = Table.grid(padding=(0, 1))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        with self._lock:
            for subject, (since, state, detail) in list(self._work.items())[-20:]:
                sign, style = _SIGNS[state]
                table.add_row(_clock(now - since), Text(f"{sign} {subject}: {detail or state.value}", style=style))
            table.add_row(
                _clock(now - self._started),
                Text(f"{self._done} done, {len(self._work)} at work, {self._scenarios} scenarios", style="bold"),
            )
        return table


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:3d}:{int(seconds) % 60:02d}"
