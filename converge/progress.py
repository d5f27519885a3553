"""How long work tells what it is doing; who shows it (a terminal, a pipe, nobody) is not its business."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, TextIO


class State(StrEnum):
    """What a subject (a component, an image, a node) is doing."""

    PENDING = "pending"
    """It will begin when what it requires is there."""
    STARTED = "started"
    WAITING = "waiting"
    MOVED = "moved"
    """It got further: "512 of 2113 packages", "34 MB". Many times a second; of interest only where a line can change in place."""
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable"


FINAL = frozenset({State.UNCHANGED, State.DONE, State.FAILED, State.BLOCKED, State.UNAVAILABLE})
QUIET = frozenset({State.PENDING, State.MOVED})
"""What a display of whole lines leaves out."""


class Progress(Protocol):
    """Told of each change of the work; called from many threads, so implementations lock for themselves."""

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """``note("image keycloak", State.WAITING, "unpacking 160 MB")``."""


class Silence:
    """A progress that nobody watches."""

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """Say nothing."""


SILENCE: Progress = Silence()


class Lines:
    """A progress that writes one line a change: ``keycloak: waiting for Deployment keycloak/keycloak``."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """One write a line, so that lines of several threads stay whole."""
        if state not in QUIET:
            self._out.write(f"{subject}: {detail or state}\n")
            self._out.flush()
