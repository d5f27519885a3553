"""What came of converging a component: plain data that also travels between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from converge.errors import Blocked, Unavailable


class Result(StrEnum):
    """How it ended."""

    CONVERGED = "converged"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True)
class Outcome:
    """The end of converging (or verifying) one component.

    ``changes`` names every write: ``("create Deployment keycloak/keycloak", "write realm thinkube")``; empty where nothing differed.
    ``text`` is the reason of what did not converge, ready for people and free of secrets; ``by`` the component that it is blocked by
    (its own name where it failed itself); ``diagnosis`` everything that was seen of what never served, as JSON; ``started_at`` counts
    seconds since 1970. ``lost`` names data that was known and is not there any more ("database keycloak, known since …"); ``remarks``
    say what somebody did on purpose and was left as it is ("Node local-worker-1 is cordoned …").
    """

    component: str
    result: Result
    changes: tuple[str, ...] = ()
    started_at: float = 0.0
    seconds: float = 0.0
    text: str = ""
    by: str = ""
    diagnosis: str = ""
    remarks: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def require(self) -> Outcome:
        """Return it where the component converged.

        Raises:
            Blocked: it failed, or something it requires did; the cause is told once, in the summary.
            Unavailable: it cannot exist with this inventory.
        """
        if self.result is Result.UNAVAILABLE:
            raise Unavailable(f"{self.component} converged", seen=self.text)
        if self.result is not Result.CONVERGED:
            raise Blocked(self.component, self.by or self.component)
        return self

    def as_json(self) -> dict[str, Any]:
        """Plain data, e.g. for a line of JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """The outcome that ``as_json`` was made of."""
        lists = {name: tuple(data.get(name, ())) for name in ("changes", "remarks", "lost")}
        return cls(**{**data, "result": Result(data["result"]), **lists})
