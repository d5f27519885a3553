"""What the end of a program's log complains of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from converge.redaction import redact

TAIL_BYTES = 65536
"""How much of a log is looked at."""
LINES = 5
WIDTH = 512
_TROUBLE = re.compile(r'^[EF]\d{4} |"level":"(?:error|fatal|panic)"|level=(?:error|fatal)|\b(?:panic|fatal|error):', re.IGNORECASE)


def complaints(tail: str, about: str = "") -> str:
    """The last complaints of a log, else its last lines; of ``about`` only, where that is given."""
    lines = [_said(line) for line in tail.splitlines() if line.strip() and about in line]
    return "\n".join(redact(line[:WIDTH]) for line in _distinct([line for line in lines if _TROUBLE.search(line)] or lines)[-LINES:])


def _said(line: str) -> str:
    """A line without what the container runtime writes before it: ``2026-01-02T03:04:05.6Z stderr F``."""
    parts = line.split(" ", 3)
    return parts[3] if len(parts) == 4 and parts[1] in ("stdout", "stderr") and parts[2] in ("F", "P") else line


def _distinct(lines: Iterable[str]) -> list[str]:
    """Lines that differ in more than their time; of equal ones the last."""
    found: dict[str, str] = {}
    for line in lines:
        key = re.sub(r"\d+", "0", line)
        found.pop(key, None)
        found[key] = line
    return list(found.values())
