"""Times how long scenarios wait until components have converged: that is not their own time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.engine.converger import Convergence
    from converge.engine.outcome import Outcome


class Waiting:
    """A `Convergence` that adds up in ``waited_s`` how long this process has waited; converging once more is a scenario's own work."""

    def __init__(self, convergence: Convergence) -> None:
        self._convergence = convergence
        self.waited_s = 0.0

    def select(self, names: Iterable[str]) -> None:
        self._convergence.select(names)

    def wait_for(self, name: str) -> Outcome:
        began = time.perf_counter()
        try:
            return self._convergence.wait_for(name)
        finally:
            self.waited_s += time.perf_counter() - began

    def again(self, name: str) -> Outcome:
        return self._convergence.again(name)

    def roll_back(self, name: str) -> Sequence[Outcome]:
        return self._convergence.roll_back(name)

    def rotate(self, name: str) -> Outcome:
        return self._convergence.rotate(name)
