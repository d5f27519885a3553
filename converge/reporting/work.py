"""What is at work, what waits for it, and what it says of itself in one short line."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from converge.progress import FINAL, State

_SHORTER = (
    (re.compile(r"\bpod [\w.-]+: "), ""),
    (re.compile(r"\b([A-Z]\w+) [\w-]+/"), r"\1 "),
    (re.compile(r" \(and (\d+) more\)"), r" +\1"),
    (re.compile(r"\bcontainer [\w-]+ "), "container "),
)
"""What a wait says and a short line can do without, the least telling first."""
_WIDEST = 22
_LEAST = 14


@dataclass
class Work:
    """One piece of work: since when (`time.monotonic`), what it does now, how far that is, and what was written last."""

    since: float
    state: State
    detail: str
    moved: str = ""
    newest: str = ""

    def text(self, room: int) -> str:
        """``Deployment keycloak: 0/1 ready: container is starting, 12 s · create Service keycloak``, as much of it as there is room."""
        now = self.detail or self.state.value
        if self.moved:
            now = f"{now}, {self.moved}"
        for pattern, shorter in _SHORTER:
            if len(now) > room:
                now = pattern.sub(shorter, now)
        now = cut_inside(now, room)
        left = room - len(now) - 3
        return f"{now} · {cut(self.newest, left)}" if self.newest not in ("", self.detail) and left >= _LEAST else now


@dataclass
class Works:
    """All work of a run; ``requires`` names its components and what each of them requires."""

    requires: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _at_work: dict[str, Work] = field(default_factory=dict)
    _pending: dict[str, None] = field(default_factory=dict)
    _took: dict[str, float] = field(default_factory=dict)
    _bad: dict[str, State] = field(default_factory=dict)
    width: int = 0
    """How wide names are."""

    def note(self, subject: str, state: State, detail: str) -> float | None:
        """Take an update in; the seconds that the work took, where this ends it."""
        now = time.monotonic()
        if state not in FINAL:
            self.width = max(self.width, min(len(subject), _WIDEST))
        if state is State.PENDING:
            self._took.pop(subject, None)
            self._pending[subject] = None
            return None
        self._pending.pop(subject, None)
        known = self._at_work.get(subject)
        if state in FINAL:
            self._at_work.pop(subject, None)
            took = now - known.since if known else None
            if subject in self.requires:
                self._bad.pop(subject, None)
                if state not in (State.DONE, State.UNCHANGED):
                    self._bad[subject] = state
                self._took[subject] = self._took.get(subject) or took or 0.0  # a scenario that converges it again does not count
            return took
        if state is State.MOVED:
            if known:
                known.moved = detail
        elif state is State.CHANGED:
            if known:  # what only ever changes has no end that could be waited for
                known.state, known.detail, known.newest, known.moved = state, detail, detail, ""
        else:
            self._at_work[subject] = Work(known.since if known else now, state, detail, newest=known.newest if known else "")
        return None

    def at_work(self) -> list[tuple[str, Work]]:
        """What is at work: components in their order, then builds and the rest in theirs."""
        order = {name: place for place, name in enumerate(self.requires)}
        return sorted(self._at_work.items(), key=lambda each: order.get(each[0], len(order)))

    def pending(self) -> dict[str, str]:
        """The components that have not begun, each with ``after postgres, dns`` or ``soon``."""
        left = {*self._pending, *self._at_work}
        waiting = [name for name in self.requires if name in self._pending]
        needs = {name: [need for need in self.requires[name] if need in left] for name in waiting}
        return {name: f"after {', '.join(found)}" if found else "soon" for name, found in needs.items()}

    def counts(self) -> str:
        """``9/14 components, 1 failed, 2 blocked`` or, where there are none, ``3 at work``."""
        total = len(self._took) + sum(name in self.requires for name in (*self._pending, *self._at_work) if name not in self._took)
        if not total:
            return f"{len(self._at_work)} at work" if self._at_work else ""
        bad = [f"{count} {state}" for state, count in Counter(self._bad.values()).items()]
        return ", ".join((f"{len(self._took) - len(self._bad)}/{total} components", *bad))

    def longest(self, now: float, room: int) -> str:
        """``; longest: … → postgres → keycloak 1:12``: the components whose work followed each other for longest up to now."""
        chains: dict[str, tuple[float, tuple[str, ...]]] = {}

        def upto(name: str) -> tuple[float, tuple[str, ...]]:
            if name not in chains:
                work = self._at_work.get(name)
                own = self._took.get(name, now - work.since if work else 0.0)
                before = max((upto(need) for need in self.requires[name] if need in self.requires), default=(0.0, ()))
                chains[name] = (before[0] + own, (*before[1], name) if own else before[1])
            return chains[name]

        open_ends = [name for name in self.requires if name in self._at_work and name not in self._took]
        if not open_ends:
            return ""
        seconds, names = max(upto(name) for name in open_ends)
        names = names or (open_ends[0],)
        ways = [" → ".join(names), *(f"… → {' → '.join(names[start:])}" for start in range(1, len(names))), names[-1]]
        shown = (f"; longest: {way} {clock(seconds).strip()}" for way in ways)
        return next((text for text in shown if len(text) <= room), "")


def cut(text: str, room: int) -> str:
    """At most ``room`` characters: ``create Depl…``."""
    return text if len(text) <= room else text[: max(0, room - 1)].rstrip() + "…"


def cut_inside(text: str, room: int) -> str:
    """At most ``room`` characters, of which the last say most: ``Deployment key… is starting, 12 s``."""
    if len(text) <= room:
        return text
    end = (room - 1) * 3 // 5
    return f"{text[: room - 1 - end].rstrip()}…{text[-end:].lstrip()}" if end > 0 else text[:room]


def clock(seconds: float) -> str:
    """``  1:05``."""
    return f"{int(seconds) // 60:3d}:{int(seconds) % 60:02d}"
