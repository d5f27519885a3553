"""What scenarios demand, for the scheduler, and which may come next."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

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
    """Tell the scheduler what each collected scenario demands; every process collects the same, so the last one to write is right."""
    written = folder / f"{FILE}.{os.getpid()}"
    written.write_text(json.dumps([asdict(demand) for demand in demands]))
    written.replace(folder / FILE)


def announced(folder: Path) -> list[Demand]:
    """What the processes have announced, in the order of their collection."""
    return [Demand(**data) for data in json.loads((folder / FILE).read_text())]


def choose(pending: Iterable[int], demands: list[Demand], busy: Collection[int], *, browser: bool | None = None) -> int | None:
    """The first of ``pending`` that may run beside all that are ``busy``; None where each would wait.

    Nobody gets one past the first that has to be alone, unless they may run beside it too: so it has its turn soon.
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


def first_alone(pending: Iterable[int], demands: list[Demand], busy: Collection[int]) -> int | None:
    """Where each would wait: the first that has to be alone, to wait until it may; None where another waits so already.

    Else those whom it would keep waiting are begun before it for as long as there are any, and at the end it runs beside nothing.
    """
    for index in busy:
        if demands[index].is_alone and not all(demands[index].is_beside(demands[other]) for other in busy if other != index):
            return None
    return next((index for index in pending if demands[index].is_alone), None)


def least_waiting(pending: Iterable[int], demands: list[Demand], busy: Collection[int], *, has_browser: bool = True) -> int:
    """Where each would wait: the one that waits for the fewest, and keeps nobody waiting in turn if there is a choice.

    Who has no browser looks at pages only if there is nothing else.
    """

    def others(index: int) -> tuple[int, bool, bool]:
        demand = demands[index]
        waits_for = sum(not demand.is_beside(demands[other]) for other in busy)
        return waits_for, demand.is_alone, demand.browser and not has_browser

    return min(pending, key=others)
