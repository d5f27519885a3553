"""A word now and then from work that is long and silent, for those who read a pipe instead of a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

QUIET_S = 30.0
"""How long nothing may be said while something is at work."""


class Heartbeat:
    """Calls ``speak`` whenever nothing was said for a while; who says something by itself calls ``spoke``."""

    def __init__(self, speak: Callable[[], None], quiet_s: float = QUIET_S) -> None:
        self._speak = speak
        self._quiet_s = quiet_s
        self._spoke_at = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def begin(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def spoke(self) -> None:
        """Something was said just now."""
        self._spoke_at = time.monotonic()

    def end(self) -> None:
        """Say nothing more."""
        self._ended.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(max(0.0, self._spoke_at + self._quiet_s - time.monotonic())):
            if time.monotonic() - self._spoke_at >= self._quiet_s:
                self.spoke()
                self._speak()
