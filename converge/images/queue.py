"""What only one may do at a time, in the order in which they came: what is needed first is asked for first."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from converge.images.cache import Stopped

LOOK_S = 0.25
"""How often who waits looks whether everything was called off."""


class Queue:
    """A queue of threads, which can be called away from it."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._changed = threading.Condition()
        self._queue: list[object] = []

    @contextlib.contextmanager
    def turn(self, doing: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """Wait for one's turn, and have it; ``on_wait`` is told where somebody else has it now.

        Raises:
            Stopped: everything was called off first.
        """
        me = object()
        with self._changed:
            self._queue.append(me)
            is_first = self._queue[0] is me
        try:
            if not is_first:
                on_wait()
                self._wait(me, doing)
            yield
        finally:
            with self._changed:
                self._queue.remove(me)
                self._changed.notify_all()

    def _wait(self, me: object, doing: str) -> None:
        with self._changed:
            while not self._changed.wait_for(lambda: self._queue[0] is me, LOOK_S):
                if self._stop.is_set():
                    raise Stopped(doing, seen="called off")
