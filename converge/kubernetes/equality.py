"""When two spellings of a value are the same to the API server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

Path = tuple[str, ...]
"""Where a value is: ``("spec", "ports", '[name="http"]', "port")``."""

_QUANTITY = re.compile(r"^([+-]?[0-9]*\.?[0-9]*)(?:([eE][+-]?[0-9]+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E))?$")
_SUFFIX = {"n": "1e-9", "u": "1e-6", "m": "1e-3", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15", "E": "1e18"}
_SUFFIX |= {unit: str(1024**power) for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}

_QUANTITY_MAPS = frozenset(
    {
        "limits",
        "requests",
        "capacity",
        "allocatable",
        "hard",
        "max",
        "min",
        "default",
        "defaultRequest",
        "maxLimitRequestRatio",
        "overhead",
        "podFixed",
    }
)
_QUANTITIES = frozenset({"sizeLimit", "divisor", "averageValue"})

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")

_TEXT = frozenset({"data", "binaryData", "annotations", "labels", "matchLabels", "nodeSelector", "args", "command", "value"})
"""Below these everything is text: there "1000m" and "1" are two values."""

MEANS_SOMETHING_EMPTY = frozenset({"emptyDir", "podSelector", "namespaceSelector", "selfSigned", "status", "scale"})
"""Here an empty mapping is a choice (`emptyDir: {}`), and not the same as its absence."""


def is_empty(value: Any) -> bool:
    """Null and empty lists and mappings, which the API server drops."""
    return value is None or (not value and isinstance(value, Mapping | Sequence) and not isinstance(value, str | bytes))


def same(path: Path, wanted: Any, seen: Any) -> bool:
    """Whether two values that are neither lists nor mappings (or are empty) mean the same at this place.

    >>> same(("resources", "limits", "cpu"), "1000m", 1), same(("data", "cpu"), "1000m", "1")
    (True, False)
    """
    if is_empty(wanted) and is_empty(seen):
        return seen is not None or wanted is None or not (path and path[-1] in MEANS_SOMETHING_EMPTY)
    if isinstance(wanted, bool) or isinstance(seen, bool):
        return wanted is seen
    if isinstance(wanted, int | float) and isinstance(seen, int | float):
        return wanted == seen
    if wanted == seen:
        return True
    if any(part in _TEXT for part in path):
        return False
    if is_quantity(path):
        left, right = quantity(wanted), quantity(seen)
        return left is not None and left == right
    if isinstance(wanted, str) and isinstance(seen, str) and _TIME.match(wanted) and _TIME.match(seen):
        return datetime.fromisoformat(wanted) == datetime.fromisoformat(seen)
    return False


def is_quantity(path: Path) -> bool:
    """Whether a resource quantity stands there, by the names that Kubernetes uses for them."""
    return bool(path) and (path[-1] in _QUANTITIES or (len(path) > 1 and path[-2] in _QUANTITY_MAPS))


def quantity(value: Any) -> Decimal | None:
    """``quantity("1Gi")`` is 1073741824; None for what is no quantity."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _QUANTITY.match(str(value).strip())
    if not found or not any(digit.isdigit() for digit in found[1]):
        return None
    number, exponent, suffix = found.groups()
    scaled = Decimal(number + (exponent or ""))
    return scaled * Decimal(_SUFFIX[suffix]) if suffix else scaled
