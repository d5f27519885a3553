"""Start programs, in the surroundings that `converge.surroundings` describes: to their end, beside this process, or in its place.

A program that is run to its end is bounded in time, killed with all its children, and its last words are kept for the error.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from converge import surroundings
from converge.errors import Missing, ThinkubeError


@dataclass(frozen=True)
class Completed:
    """What a program left behind; ``code`` is its exit status (negative: the signal that ended it)."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


class ProgramFailed(ThinkubeError):
    """A program ended with a status that was not expected."""

    usual_next = "thinkube cluster status"

    def __init__(self, completed: Completed, *, seen: str = "") -> None:
        tail = "\n".join((completed.stderr.strip() or completed.stdout.strip()).splitlines()[-12:])
        super().__init__(f"`{' '.join(completed.argv[:6])}` to succeed", seen=seen or f"exit status {completed.code}", cause=tail)
        self.completed = completed


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float = 600,
    expect: Sequence[int] = (0,),
    stdin: str | None = None,
    feed: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stop: threading.Event | None = None,
    on_line: Callable[[str], None] | None = None,
    builds: bool = False,
) -> Completed:
    """Run ``argv`` and return what it said; ``env`` is added to its surroundings. Setting ``stop`` ends the program early.

    ``feed`` is a file that the program reads after ``stdin``, however large it is.

    ``builds``: it is a package client or a compiler, to which the caller's proxies and settings of such clients are told.

    ``on_line`` hears each line at once, from threads of its own; such a program gets no ``stdin``.

    Secrets go through ``stdin`` or ``env``, never through ``argv``: arguments are visible to every process.

    Raises:
        Missing: the program is not installed.
        ProgramFailed: it ended with a status not in ``expect``, ran longer than ``timeout_s``, or was called off.
    """
    words = tuple(str(word) for word in argv)
    try:
        surroundings.raise_limits()
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE if stdin is not None or feed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**(surroundings.builds() if builds else surroundings.tools()), **(env or {})},
            cwd=cwd or surroundings.FOLDER,
            umask=surroundings.UMASK,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise Missing(f"the program `{words[0]}`", seen="not installed", next_command="make tools") from error
    reading = _Reading(process, on_line) if on_line else None
    try:
        if feed is not None:
            out, err = _feed(process, stdin or "", feed, timeout_s)
        else:
            out, err = reading.to_end(timeout_s, stop) if reading else _communicate(process, stdin, timeout_s, stop)
    except subprocess.TimeoutExpired:
        out, err = _end(process, reading)
        called_off = stop is not None and stop.is_set()
        raise ProgramFailed(
            Completed(words, -signal.SIGKILL, out, err), seen="called off" if called_off else f"no end after {timeout_s:.0f} s"
        ) from None
    except BaseException:
        _end(process, reading)
        raise
    completed = Completed(words, process.returncode, out, err)
    if completed.code not in expect:
        raise ProgramFailed(completed)
    return completed


def launch(argv: Sequence[str], log: IO[bytes], *, listen: bool = False) -> str:
    """Start a node's program that goes on by itself (``setsid --fork …``); what it prints goes to ``log``.

    With ``listen``, returns the first line of its standard output instead of logging it.
    """
    surroundings.raise_limits()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if listen else log,
        stderr=log,
        env=surroundings.NODE,
        cwd=surroundings.FOLDER,
        umask=surroundings.UMASK,
        start_new_session=True,
    )
    said = b""
    if process.stdout is not None:
        with process.stdout:
            said = process.stdout.readline()
    process.wait()
    return said.decode(errors="replace").strip()


def become(argv: Sequence[str]) -> NoReturn:
    """Run a program in this process's place: the same terminal, the surroundings of a tool."""
    surroundings.raise_limits()
    os.umask(surroundings.UMASK)
    os.chdir(surroundings.FOLDER)
    os.execvpe(argv[0], list(argv), surroundings.tools())  # noqa: S606


def _communicate(process: subprocess.Popen[str], stdin: str | None, timeout_s: float, stop: threading.Event | None) -> tuple[str, str]:
    if stop is None:
        return process.communicate(stdin, timeout=timeout_s)
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            # communicate() can be taken up again after a timeout without losing output.
            return process.communicate(stdin, timeout=max(0.0, min(0.25, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            if stop.is_set() or time.monotonic() >= deadline:
                raise


def _feed(process: subprocess.Popen[str], first: str, file: Path, timeout_s: float) -> tuple[str, str]:
    """Copy a file to a program while what it says is read; a program that ends early has its own reasons, which its status tells."""

    def copy() -> None:
        if process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError), file.open("rb") as source, process.stdin:
            process.stdin.write(first)
            process.stdin.flush()
            with open(process.stdin.fileno(), "wb", closefd=False) as sink:
                shutil.copyfileobj(source, sink, 1 << 20)

    copying = threading.Thread(target=copy, daemon=True)
    copying.start()
    reading = _Reading(process, lambda _: None)
    process.wait(timeout_s)
    copying.join()
    return reading.rest()


class _Reading:
    """Reads what a program says while it runs, line by line."""

    def __init__(self, process: subprocess.Popen[str], on_line: Callable[[str], None]) -> None:
        self._process = process
        self._on_line = on_line
        self._said: tuple[list[str], list[str]] = ([], [])
        streams = zip((process.stdout, process.stderr), self._said, strict=True)
        self._readers = [threading.Thread(target=self._read, args=(stream, lines), daemon=True) for stream, lines in streams if stream]
        for reader in self._readers:
            reader.start()

    def to_end(self, timeout_s: float, stop: threading.Event | None) -> tuple[str, str]:
        """All that it said, once it has ended."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                self._process.wait(max(0.0, min(0.25, deadline - time.monotonic())))
                return self.rest()
            except subprocess.TimeoutExpired:
                if (stop is not None and stop.is_set()) or time.monotonic() >= deadline:
                    raise

    def rest(self) -> tuple[str, str]:
        """What was said up to the end."""
        for reader in self._readers:
            reader.join()
        return "".join(self._said[0]), "".join(self._said[1])

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        with stream:
            for line in stream:
                lines.append(line)
                self._on_line(line.rstrip())


def _end(process: subprocess.Popen[str], reading: _Reading | None) -> tuple[str, str]:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if reading is None:
        return process.communicate()
    process.wait()
    return reading.rest()
