"""One request to the API server, as data: what is asked, in whose words, and whether it may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PATIENCE_S = 30.0
"""How long a request is repeated while the server says "later" or does not answer."""

WRITES = frozenset({"create", "apply", "replace", "patch", "delete"})


@dataclass(frozen=True)
class Request:
    """One thing asked of the server. ``verb`` is get list watch create apply replace patch delete execute.

    ``idempotent`` says that doing it twice is the same as doing it once, so that it may be repeated after a lost answer.
    """

    verb: str
    method: str
    path: str
    subject: str
    query: Mapping[str, str | int | list[str]] | None = None
    body: Any = None
    content_type: str = "application/json"
    dry_run: bool = False
    idempotent: bool = True
    next_command: str = ""

    @property
    def is_write(self) -> bool:
        """Whether it changes something on the server."""
        return not self.dry_run and self.verb in WRITES

    @property
    def counted_as(self) -> str:
        """``apply`` or ``apply (dry run)``."""
        return f"{self.verb} (dry run)" if self.dry_run else self.verb
