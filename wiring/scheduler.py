"""Which process gets which scenario: the next of its list whose components are free, rather than one that would only wait for them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScheduling

from wiring.demands import Demand, announced, choose, first_alone, least_waiting

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController


class Scheduler(LoadScheduling):  # type: ignore[misc]
    """pytest-xdist's own scheduling, one scenario at a time, but out of order where order would mean waiting.

    A process is told its next scenario while it runs one: pytest needs to know what comes after. Locks (``wiring.locks``) see to it that
    nobody gets in another's way; this only sees to it that they seldom have to. A process that has opened a browser goes on with it.
    """

    def __init__(self, config: pytest.Config, log: Producer, folder: Path) -> None:
        super().__init__(config, log)
        self._folder = folder
        self._with_browser: set[WorkerController] = set()

    @cached_property
    def _demands(self) -> list[Demand]:
        return announced(self._folder)

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
            found = first_alone(self.pending, self._demands, busy)
        if found is None:
            found = least_waiting(self.pending, self._demands, busy, has_browser=has_one)
        if self._demands[found].browser:
            self._with_browser.add(node)
        return found
