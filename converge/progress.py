"""How long work tells what it is doing; who shows it (a terminal, a pipe, nobody) is not its business."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, TextIO


class State(StrEnum):
    """What a subject (a component, an image, a node) is doing."""

    STARTED = "started"
    WAITING = "waiting"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DONE = "done"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


class Progress(Protocol):
    """Told of each turn of the work; called from many threads, so implementations lock for themselves."""

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """``note("image keycloak", State.WAITING, "unpacking 160 MB")``."""


class Silence:
    """A progress that nobody watches."""

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """Say nothing."""


SILENCE: Progress = Silence()


class Lines:
    """A progress that writes one line a turn: ``keycloak: waiting for Deployment keycloak/keycloak``."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def note(self, subject: str, state: State, detail: str = "") -> None:
        """One write a line, so that lines of several threads stay whole."""
        self._out.write(f"{subject}: {detail or state}\n")
        self._out.flush()
