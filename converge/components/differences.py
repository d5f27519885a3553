"""Compare what is wanted with what an admin API shows: only the fields that we name, whatever else is there is not ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.components.terms import Difference

SECRET_FIELDS = frozenset({"secret", "password", "value"})
"""Fields whose values never show."""


def absent(subject: str) -> list[Difference]:
    """The one difference of what is not there at all."""
    return [Difference(subject, "", wanted="present", seen="absent")]


def differences(subject: str, wanted: Mapping[str, Any], seen: Mapping[str, Any], prefix: str = "") -> list[Difference]:
    """Each field of ``wanted`` whose value in ``seen`` is another.

    Mappings are compared field by field, lists without regard to order at any depth. ``None`` wants the field absent or empty.

    >>> differences("realm a", {"smtp": {"host": "x"}, "roles": ["b", "a"]}, {"smtp": {"host": "y", "port": 1}, "roles": ["a", "b"]})
    [Difference(subject='realm a', field='smtp.host', wanted='x', seen='y', manager='')]
    """
    found: list[Difference] = []
    for key, value in wanted.items():
        field = f"{prefix}{key}"
        there = seen.get(key)
        if isinstance(value, Mapping):
            inner = differences(subject, value, there if isinstance(there, Mapping) else {}, f"{field}.")
            is_absent = inner and not isinstance(there, Mapping)
            found += [Difference(subject, field, wanted="present", seen="absent")] if is_absent else inner
        elif not _same(value, there):
            shown = ("(secret)", "(another)" if there else None) if key in SECRET_FIELDS else (value, there)
            found.append(Difference(subject, field, wanted=shown[0], seen=shown[1]))
    return found


def merged(seen: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What to write back: everything that is there, with our fields as wanted."""
    result = dict(seen)
    for key, value in wanted.items():
        there = seen.get(key)
        result[key] = merged(there, value) if isinstance(value, Mapping) and isinstance(there, Mapping) else value
    return result


def _same(wanted: Any, seen: Any) -> bool:
    return not seen if wanted is None else _equal(wanted, seen)


def _equal(one: Any, other: Any) -> bool:
    """Equal but for the order of lists at any depth."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(value, other[key]) for key, value in one.items())
    if _is_list(one) and _is_list(other):
        left = list(other)
        for item in one:
            place = next((index for index, there in enumerate(left) if _equal(item, there)), None)
            if place is None:
                return False
            del left[place]
        return not left
    return bool(one == other)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
