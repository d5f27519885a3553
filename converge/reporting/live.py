"""Lines at the end of a terminal that change in place, below whole lines that stay."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Sequence
from typing import TextIO

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TICK_S = 0.25


class LiveLines:
    """Draws what ``block(columns, rows)`` returns at the end of a terminal, four times a second where it has changed.

    ``lock`` is held while it draws. Whatever else is written to the terminal goes through ``line`` or ``above``.
    """

    def __init__(self, out: TextIO, block: Callable[[int, int], Sequence[str]], lock: threading.RLock) -> None:
        self._out = out
        self._block = block
        self._lock = lock
        self._drawn: list[str] = []
        self._is_mid_line = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="live lines", daemon=True)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows that can be written on, as they are now."""
        try:
            columns, rows = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            columns, rows = 80, 24
        return max(20, columns or 80) - 1, max(5, rows or 24) - 1

    def begin(self) -> None:
        """Show them from now on."""
        self._thread.start()

    def above(self, write: Callable[[], str]) -> None:
        """Take the lines away, let ``write`` write to the terminal, and show them again below; it returns the text."""
        with self._lock:
            self._put(self._erasing())
            if text := write():
                self._is_mid_line = not text.endswith("\n")

    def line(self, text: str) -> None:
        """Write a line that stays."""
        with self._lock:
            self._put(f"{self._erasing()}{text}\n")
            self._is_mid_line = False

    def end(self) -> None:
        """Take the lines away, for good."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._put(self._erasing())

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_S):
            with self._lock:
                if not self._is_mid_line:
                    self._draw()

    def _draw(self) -> None:
        columns, rows = self.size
        lines = list(self._block(columns, rows))[-rows:]
        if lines == self._drawn:
            return
        # Without wrapping (?7), so that a line which is wider than it seems is cut and never becomes two.
        text = "\n".join(f"{line}\x1b[K" for line in lines)
        self._put(f"{self._home()}\x1b[?7l{text}\x1b[J\x1b[?7h")
        self._drawn = lines

    def _home(self) -> str:
        """To the first of the drawn lines; a terminal that became narrower has made several of some."""
        if not self._drawn:
            return "\r"
        columns = self.size[0] + 1
        rows = sum(max(1, -(-len(_COLOUR.sub("", line)) // columns)) for line in self._drawn)
        return f"\r\x1b[{rows - 1}A" if rows > 1 else "\r"

    def _erasing(self) -> str:
        erasing = f"{self._home()}\x1b[J" if self._drawn else ""
        self._drawn = []
        return erasing

    def _put(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()


class Beside:
    """A file as before, but what is written to it stays clear of the live lines on the same terminal."""

    def __init__(self, file: TextIO, lines: LiveLines) -> None:
        self._file = file
        self._lines = lines

    def write(self, text: str) -> int:
        """Write above the live lines."""

        def write() -> str:
            self._file.write(text)
            self._file.flush()
            return text

        self._lines.above(write)
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)
