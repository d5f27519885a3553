"""The one family of errors: each says what was wanted, what was seen, the likely cause, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from converge.commands import typed

TEMPORARY = frozenset({429, 500, 502, 503, 504})
"""Statuses of HTTP that mean trouble which may pass, as while a database comes back; all others of 400 and above are final."""


class ThinkubeError(Exception):
    """A failure that a person can act on.

    >>> print(ThinkubeError("Deployment keycloak Ready", seen="0 of 1 pods", next_command="thinkube status"))
    wanted: Deployment keycloak Ready
    seen:   0 of 1 pods
    next:   thinkube status
    """

    exit_code = 1
    usual_next = ""
    """What to type next where who raises it has nothing better to say; a class without it wants to be told each time."""

    def __init__(self, wanted: str, *, seen: str = "", cause: str = "", next_command: str = "") -> None:
        self.wanted = wanted
        self.seen = seen
        self.cause = cause
        self.next_command = next_command or self.usual_next
        super().__init__(wanted)

    def __str__(self) -> str:
        rows = (("wanted", self.wanted), ("seen", self.seen), ("cause", self.cause), ("next", typed(self.next_command)))
        return "\n".join(f"{label + ':':<8}{_hang(text)}" for label, text in rows if text)


class Refused(ThinkubeError):
    """Permanent: asking again cannot help (bad request, forbidden, a conflict, someone else's object)."""


class NotReady(ThinkubeError):
    """Something did not become ready: its deadline passed, or it reached a state that it cannot leave by itself."""

    usual_next = "thinkube status"


class Unreachable(ThinkubeError):
    """Temporary: nobody answered, or the answer was "later"; the caller has already retried with backoff."""

    usual_next = "thinkube status"


class Missing(ThinkubeError):
    """A tool, a privilege, room or a package that the work needs is not on this machine."""

    exit_code = 4


class Unavailable(ThinkubeError):
    """Cannot exist with this inventory; reported with its reason, never counted as passed."""


class Blocked(ThinkubeError):
    """Something that it requires did not converge; reported once, against that cause."""

    def __init__(self, component: str, by: str) -> None:
        super().__init__(f"{component} converged", seen=f"blocked by {by}")
        self.component = component
        self.by = by


class Drifted(ThinkubeError):
    """A component is not as it should be; ``differences`` says in which objects and fields, and who wrote them."""

    def __init__(self, component: str, differences: str) -> None:
        super().__init__(f"nothing to write for {component}", seen=differences, next_command=f"pytest features/ -m {component}")


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file that a person wrote: ``inventory/local.yaml:7: unknown key 'workres', did you mean 'workers'?``."""

    file: str
    line: int
    """0 where the file as a whole is meant."""
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class InventoryFaults(ThinkubeError):
    """Everything that is wrong with an inventory, all at once, before anything is touched."""

    exit_code = 4

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("a valid inventory", seen=f"{len(faults)} fault(s)")
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def first_line(error: ThinkubeError) -> str:
    """What was wanted and seen, in one line."""
    return ": ".join(filter(None, (error.wanted, error.seen))).partition("\n")[0]


def _hang(text: str) -> str:
    return text.replace("\n", "\n" + " " * 8)
