"""Writes what only admin APIs hold: read → compare → write what differs → read until it is so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from converge.components.terms import Setting
from converge.engine.known_data import KnownData
from converge.errors import NotReady, Unreachable, first_line
from converge.progress import State
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.engine.platform import Platform

T = TypeVar("T")


class Settings:
    """The settings of one component: what is done goes into ``written``, what is found lost into ``data``."""

    def __init__(self, platform: Platform, name: str, data: KnownData, written: list[str], left_s: Callable[[], float]) -> None:
        self._platform = platform
        self._name = name
        self._data = data
        self._written = written
        self._left_s = left_s

    def write(self, settings: Sequence[Setting]) -> None:
        """Bring settings to what they should be, in this order.

        Raises:
            NotReady: one is not as it was written.
            Unreachable: whoever holds it does not answer.
        """
        for setting in settings:
            differences = self._patiently(setting.differences)
            is_lost = self._data.look(setting, differences)
            if not differences:
                continue
            if self._platform.find_cluster() is not None:
                self._platform.take_lease()
            if is_lost:
                self.keep_data()
            self._note(State.CHANGED, setting.subject)
            setting.write()
            self._platform.repaired_at = time.time()
            self._written.append(f"write {setting.subject}")
            self._settle(setting)

    def keep_data(self) -> None:
        """Keep what is known of the component's data, where that has changed."""
        if self._data.is_to_be_kept:
            self._platform.take_lease()
            self._data.keep()

    def _settle(self, setting: Setting) -> None:
        ends_at = time.monotonic() + COMES_S
        for pause_s in _pauses():
            differences = self._patiently(setting.differences)
            if not differences:
                return
            if time.monotonic() > ends_at or self._platform.stopping.wait(pause_s):
                seen = "\n".join(f"{difference.field}: {difference.seen}, wanted {difference.wanted}" for difference in differences)
                raise NotReady(f"{setting.subject} as written", seen=seen)

    def _patiently(self, read: Callable[[], T]) -> T:
        """What ``read`` says, once somebody answers: products whose pods are ready may refuse their first requests."""
        ends_at = time.monotonic() + self._left_s()
        for pause_s in _pauses():
            try:
                return read()
            except (Unreachable, NotReady) as error:
                if time.monotonic() > ends_at or self._platform.stopping.is_set():
                    raise
                self._note(State.WAITING, f"{first_line(error)}, asked again")
                self._platform.stopping.wait(pause_s)
        raise AssertionError("pauses have no end")

    def _note(self, state: State, detail: str) -> None:
        self._platform.progress.note(self._name, state, detail)


def _pauses() -> Iterator[float]:
    """Short at first, never longer than two seconds."""
    pause_s = 0.1
    while True:
        yield pause_s
        pause_s = min(2.0, pause_s * 1.5)
