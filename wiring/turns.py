"""Who takes something away from the platform is alone with it: other processes of the run finish their scenario and wait."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from pathlib import Path

import pytest

ALONE = frozenset({"rollback", "rotation", "disruptive"})


def register(config: pytest.Config, folder: Path) -> None:
    """Let the scenarios of this process take turns with those of others that were given the same folder."""
    config.pluginmanager.register(Turns(folder / "turns"), "turns")


class Turns:
    """A lock on a file, which the system gives back when a process dies: shared by scenarios that only look."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Its fixtures included: they clean up what the scenario made."""
        is_alone = any(mark.name in ALONE for mark in item.iter_markers())
        with self._file.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH)
            return (yield)
