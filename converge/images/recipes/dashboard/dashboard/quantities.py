"""Kubernetes' quantities as numbers, and numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}


def number(quantity: str) -> float:
    """``153m`` → 0.153; ``912Mi`` → 956301312.

    Source: Kubernetes API, ``resource.Quantity``.
    """
    digits = quantity.rstrip("numkKMGTi")
    return float(digits) * _UNITS[quantity[len(digits) :]]


def cores(value: float) -> str:
    """``1.30``, ``0.04``."""
    return f"{value:.2f}"


def gib(value: float) -> str:
    """Bytes in GiB: ``5.4``, ``212``."""
    size = value / 2**30
    return f"{size:.1f}" if size < 100 else f"{size:.0f}"


def moment(text: str) -> datetime:
    """``2026-11-23T21:08:00Z``."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def ago(then: datetime, now: datetime | None = None) -> str:
    """How long ago something was, in one unit: ``just now``, ``4 min ago``, ``3 h ago``, ``12 days ago``."""
    seconds = max(0.0, ((now or datetime.now(UTC)) - then).total_seconds())
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min ago"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h ago"
    return f"{seconds / 86400:.0f} days ago"
