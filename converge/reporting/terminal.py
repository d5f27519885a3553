"""What a person sees while it runs: whole lines, and on a terminal below them a live line for each piece of work."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from converge.progress import FINAL, QUIET, State
from converge.reporting.heartbeat import QUIET_S, Heartbeat
from converge.reporting.live import Beside, LiveLines
from converge.reporting.work import Work, Works, clock, cut

if TYPE_CHECKING:
    from converge.reporting.results import Scenario

_VARIES = re.compile(r",? ?\b\d+ s\b| \(and \d+ more\)")
_SIGNS = {
    State.DONE: ("✓", "32"),
    State.UNCHANGED: ("✓", "32"),
    State.FAILED: ("✗", "31"),
    State.BLOCKED: ("✗", "31"),
    State.UNAVAILABLE: ("–", "33"),
    State.CHANGED: ("~", "36"),
    State.WAITING: ("…", "2"),
    State.STARTED: ("…", "2"),
    State.PENDING: ("·", "2"),
}
STILL_TOLD = 4
"""How much of the work that goes on is told at once after a silence."""
_WIDE = 160
_OUTCOMES = {"passed": ("✓", "32"), "failed": ("✗", "31"), "blocked": ("✗", "31"), "unavailable": ("–", "33")}


class Display:
    """A Progress, and the place to which whole lines about scenarios go.

    ``out`` is a way to the terminal (or pipe) that capturing does not touch; ``is_live``: lines may change after they are written.
    Where they may not, what is at work is said again after ``quiet_s`` without a line.
    """

    def __init__(
        self,
        out: TextIO,
        *,
        is_live: bool = False,
        is_verbose: bool = False,
        is_coloured: bool = False,
        quiet_s: float = QUIET_S,
    ) -> None:
        self.out = out
        self._is_live = is_live
        self._is_verbose = is_verbose
        self._is_coloured = is_coloured
        self._is_silent = False
        self._lock = threading.RLock()
        self._started = time.monotonic()
        self._works = Works()
        self._shown: dict[str, tuple[State, str]] = {}
        self._blocked: dict[str, tuple[str, str, int]] = {}
        self._scenarios = 0
        self._expected = 0
        self._live: LiveLines | None = None
        self._heartbeat = Heartbeat(self._still_at_work, quiet_s)

    def follow(self, requires: Mapping[str, Sequence[str]]) -> None:
        """Know the components, and what each requires, to say what is left and what takes longest."""
        self._works.requires = requires

    def expect(self, scenarios: int) -> None:
        """Know how many scenarios there will be."""
        self._expected = max(self._expected, scenarios)

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """Show an update of the work: what ends it and, where lines cannot change, what changes it."""
        with self._lock:
            took = self._works.note(subject, state, detail)
            update = (state, _VARIES.sub("", detail))
            if state in QUIET or self._shown.get(subject) == update or (self._is_live and state not in FINAL):
                return
            self._shown[subject] = update
            self._line(_SIGNS[state], _words(subject, state, detail), f" ({took:.1f} s)" if took is not None else "")

    def scenario(self, scenario: Scenario) -> None:
        """Show the end of a scenario; verbosely with its steps, and blocked ones of a feature together."""
        feature = scenario.feature.removeprefix("features/").removesuffix(".feature")
        with self._lock:
            self._scenarios += 1
            cause = scenario.failure.seen if scenario.outcome == "blocked" and scenario.failure else ""
            if cause and not self._is_verbose:
                self._block(scenario.worker, feature, cause)
                return
            self._tell_blocked(scenario.worker)
            self._outcome(scenario.outcome, f"{feature}: {scenario.name}", scenario.seconds)
            for step in scenario.steps if self._is_verbose else ():
                self._outcome(step.outcome, f"{step.keyword} {step.text}", step.seconds, "  ")

    def begin(self) -> None:
        """Start the live lines, where there can be any, else the heartbeat."""
        if self._is_silent:
            return
        if not self._is_live:
            self._heartbeat.begin()
        elif self._live is None:
            self._live = LiveLines(self.out, self._drawn, self._lock)
            self._live.begin()

    def beside(self, file: TextIO) -> TextIO:
        """The same file for others who write to the terminal while there are live lines."""
        return Beside(file, self._live) if self._live else file  # type: ignore[return-value]

    def step_aside(self) -> None:
        """Say nothing more: the terminal is somebody else's."""
        self._is_silent = True

    def close(self) -> None:
        """Take the live lines away and leave the terminal as pytest expects it."""
        with self._lock:
            for worker in list(self._blocked):
                self._tell_blocked(worker)
            live, self._live = self._live, None
        self._heartbeat.end()
        if live is not None:
            live.end()

    # --- Whole lines

    def _still_at_work(self) -> None:
        """``still at work: artifact kubernetes: compiling, 412 packages``, for whatever has been at work for longest."""
        with self._lock:
            for subject, work in sorted(self._works.at_work(), key=lambda each: each[1].since)[:STILL_TOLD]:
                took = time.monotonic() - work.since
                self._line(_SIGNS[State.WAITING], f"{subject}: still at work: {work.text(_WIDE)}", f" ({took:.0f} s)")

    def _block(self, worker: str, feature: str, cause: str) -> None:
        known = self._blocked.get(worker)
        if known and known[:2] != (feature, cause):
            self._tell_blocked(worker)
            known = None
        self._blocked[worker] = (feature, cause, known[2] + 1 if known else 1)

    def _tell_blocked(self, worker: str) -> None:
        if blocked := self._blocked.pop(worker, None):
            feature, cause, count = blocked
            self._outcome("blocked", f"{feature}: {count} scenario{'' if count == 1 else 's'}, {cause.removeprefix('blocked ')}")

    def _outcome(self, outcome: str, text: str, seconds: float | None = None, indent: str = "") -> None:
        sign, style = _OUTCOMES.get(outcome, ("·", "2"))
        took = "" if seconds is None else f" ({seconds:.1f} s)"
        # On a terminal a sign is as good as a word for what went well, and leaves more room.
        word = f"{outcome:<11}" if not self._live else sign if outcome in ("passed", "not run") else f"{sign} {outcome}"
        self._line((indent + word, style), text, took)

    def _line(self, sign: tuple[str, str], text: str, after: str) -> None:
        if self._is_silent:
            return
        line = f"{clock(time.monotonic() - self._started)}  {sign[0]} {text}"
        if self._live is not None:
            self._live.line(self._styled(cut(line, self._live.size[0] - len(after)) + after, sign[1]))
            return
        self._heartbeat.spoke()
        self.out.write(self._styled(line + after, sign[1]) + "\n")
        self.out.flush()

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._is_coloured and style else text

    # --- Live lines

    def _drawn(self, columns: int, rows: int) -> list[str]:
        now = time.monotonic()
        with self._lock:
            lines = [self._drawn_work(subject, work, now, columns) for subject, work in self._works.at_work()]
            pending = self._works.pending()
            room = rows * 2 // 3 - 1 - len(lines)  # whole lines want to be seen too
            later = [f"{name:<{self._works.width}} {after}" for name, after in pending.items()]
            later = later if len(later) <= room else [f"then {', '.join(pending)}"]
            lines += [self._styled(cut(f"{'':7} · {text}", columns), "2") for text in later]
            scenarios = f"{self._scenarios}/{self._expected} scenarios" if self._expected else ""
            footer = f"{clock(now - self._started)}  {', '.join(filter(None, (self._works.counts(), scenarios)))}"
            footer += self._works.longest(now, columns - len(footer))
        hidden = len(lines) - (rows - 1)
        if hidden > 0:
            lines = [*lines[: rows - 2], self._styled(f"{'':7} … and {hidden + 1} more at work", "2")]
        return [*lines, self._styled(cut(footer, columns), "1")]

    def _drawn_work(self, subject: str, work: Work, now: float, columns: int) -> str:
        sign, style = _SIGNS[work.state]
        head = f"{clock(now - work.since)}  {sign} {subject:<{self._works.width}} "
        return self._styled(head + work.text(columns - len(head)), style)


@contextlib.contextmanager
def showing(out: TextIO) -> Iterator[Display]:
    """A display for a command line without scenarios: live on a terminal, coloured unless ``NO_COLOR`` is set."""
    is_terminal = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    display = Display(out, is_live=is_terminal, is_coloured=is_terminal and not os.environ.get("NO_COLOR"))
    display.begin()
    try:
        yield display
    finally:
        display.close()


def _words(subject: str, state: State, detail: str) -> str:
    """``keycloak: waiting for …``, ``keycloak: failed: …``; what is under way says itself what it does."""
    if state not in FINAL:
        return f"{subject}: {detail or state}"
    is_said = not detail or detail.startswith(f"{state} ")
    return f"{subject}: {detail or state}" if is_said else f"{subject}: {state}: {detail}"
