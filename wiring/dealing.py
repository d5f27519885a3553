"""Which process gets which scenario: the next of its list whose turn it can have, rather than one that would only wait for it."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScheduling

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

FILE = "demands.json"


@dataclass(frozen=True)
class Demand:
    """What a scenario needs to run: ``{"keycloak": False, "minio": True}``, who is claimed and who for itself alone; a browser."""

    claims: Mapping[str, bool]
    browser: bool = False

    def is_beside(self, other: Demand) -> bool:
        """Whether both may run at the same moment."""
        return not any(alone or other.claims[name] for name, alone in self.claims.items() if name in other.claims)

    @property
    def is_alone(self) -> bool:
        """Whether others have to keep away from something meanwhile."""
        return any(self.claims.values())


def announce(folder: Path, demands: Iterable[Demand]) -> None:
    """Tell whoever deals what each collected scenario demands; every process collects the same, so the last one to write is right."""
    written = folder / f"{FILE}.{os.getpid()}"
    written.write_text(json.dumps([asdict(demand) for demand in demands]))
    written.replace(folder / FILE)


def choose(pending: Iterable[int], demands: list[Demand], busy: Collection[int], *, browser: bool | None = None) -> int | None:
    """The first of ``pending`` that may run beside all that are ``busy``; None where each would wait.

    Nobody is dealt past the first that has to be alone, unless they may run beside it too: so it has its turn soon.
    With ``browser`` given, only scenarios that look at pages (or those that do not).
    """
    held = [demands[index] for index in busy]
    reserved = False
    for index in pending:
        demand = demands[index]
        if all(demand.is_beside(other) for other in held):
            if browser is None or demand.browser == browser:
                return index
        elif demand.is_alone and not reserved:
            held.append(demand)
            reserved = True
    return None


def least_waiting(pending: Iterable[int], demands: list[Demand], busy: Collection[int], *, has_browser: bool = True) -> int:
    """Where each would wait: the one that waits for the fewest, and keeps nobody waiting in turn if there is a choice.

    Who has no browser looks at pages only if there is nothing else.
    """

    def others(index: int) -> tuple[int, bool, bool]:
        demand = demands[index]
        waits_for = sum(not demand.is_beside(demands[other]) for other in busy)
        return waits_for, demand.is_alone, demand.browser and not has_browser

    return min(pending, key=others)


class Dealing(LoadScheduling):  # type: ignore[misc]
    """pytest-xdist's own dealing, one scenario at a time, but out of order where order would mean waiting.

    A process is told its next scenario while it runs one: pytest needs to know what comes after. Locks (``Turns``) see to it that
    nobody gets in another's way; this only sees to it that they seldom have to. A process that has opened a browser goes on with it.
    """

    def __init__(self, config: pytest.Config, log: Producer, folder: Path) -> None:
        super().__init__(config, log)
        self._folder = folder
        self._with_browser: set[WorkerController] = set()

    @cached_property
    def _demands(self) -> list[Demand]:
        return [Demand(**data) for data in json.loads((self._folder / FILE).read_text())]

    def _send_tests(self, node: WorkerController, num: int) -> None:
        for _ in range(min(num, len(self.pending))):
            index = self._next_for(node)
            self.pending.remove(index)
            self.pending.insert(0, index)
            super()._send_tests(node, 1)

    def _next_for(self, node: WorkerController) -> int:
        busy = [index for other, indices in self.node2pending.items() if other is not node for index in indices]
        has_one = node in self._with_browser or not self._with_browser
        found = None if has_one else choose(self.pending, self._demands, busy, browser=False)
        if found is None:
            found = choose(self.pending, self._demands, busy)
        if found is None:
            found = least_waiting(self.pending, self._demands, busy, has_browser=has_one)
        if self._demands[found].browser:
            self._with_browser.add(node)
        return found
