"""One start, stop or delete of a cluster at a time; the lock is on the cluster's folder, so it leaves no file."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def alone(folder: Path, waits: Callable[[], None]) -> Iterator[None]:
    """Be the only one who works on a cluster; ``waits`` is called where that takes a while."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder, waits) as descriptor:
            if _is_same(descriptor, folder):
                folder.chmod(0o700)
                yield
                return
            # It was deleted while we waited: what we locked is gone.


@contextlib.contextmanager
def locked(folder: Path, waits: Callable[[], None]) -> Iterator[int]:
    """Hold the lock of a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_same(descriptor: int, folder: Path) -> bool:
    try:
        return os.fstat(descriptor).st_ino == folder.stat().st_ino
    except FileNotFoundError:
        return False
