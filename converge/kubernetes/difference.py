"""What differs between the object that is wanted and the one that is there, judged by the fields that we own.

Two witnesses speak: the values, compared as the API server would (`equality`), and `managedFields`. A field that our apply owns
still has the value that we gave it: whoever changes it takes it over. So where the wanted object is the one applied last (its digest
stands in an annotation), an owned field with another spelling is the server's own spelling and no difference.
`resourceVersion` and `generation` are never evidence: the server changes them without need.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from converge.kubernetes.equality import MEANS_SOMETHING_EMPTY, Path, is_empty, same
from converge.kubernetes.fields import (
    Tree,
    children,
    finder,
    is_leaf,
    is_whole,
    item_name,
    list_keys,
    owned,
    owners,
    set_values,
    spelled,
)
from converge.kubernetes.objects import KubernetesObject, Ref, annotations_of
from converge.redaction import redact
from converge.shortening import cut_alike

DIGEST = "thinkube.dev/applied"
"""The annotation that holds the digest of what was applied last."""

SECRET = "(secret)"  # noqa: S105 - what is shown instead of one

_LONGEST = 120
"""Characters of a value in the words of a difference."""

_ORDERED = frozenset({"initContainers", "env"})
"""Keyed lists whose order means something: initContainers run in it, env values refer to earlier ones."""

_ITEM_KEYS = ("name", "mountPath", "containerPort", "port", "type", "key", "ip", "host")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as wanted: ``Difference("realm thinkube", "bruteForceProtected", wanted=True, seen=False)``.

    ``manager`` is the field manager that wrote what was seen and ``time`` when (RFC 3339), where they are known.
    Secret values stand as "(secret)".
    """

    subject: str
    field: str
    wanted: Any
    seen: Any
    manager: str = ""
    time: str = ""

    def __str__(self) -> str:
        by = f", written by {self.manager}" + (f" at {self.time}" if self.time else "") if self.manager else ""
        wanted, seen = cut_alike(_shown(self.wanted), _shown(self.seen), _LONGEST)
        return f"{self.subject}: {self.field} should be {wanted}, is {seen}{by}"


@dataclass(frozen=True)
class Mismatch:
    """A difference with its path still in parts; None stands for absent."""

    path: Path
    wanted: Any
    seen: Any


def digest(wanted: KubernetesObject) -> str:
    """A digest of an object as it is wanted, its own digest annotation aside."""
    metadata = wanted.get("metadata", {})
    noted = {key: value for key, value in annotations_of(wanted).items() if key != DIGEST}
    text = json.dumps({**wanted, "metadata": {**metadata, "annotations": noted}}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def mismatches(wanted: KubernetesObject, live: KubernetesObject) -> list[Mismatch]:
    """Where ``live`` is not as ``wanted``: other values, fields that are missing, and fields of ours that are no longer wanted."""
    tree, version = owned(live)
    if tree and version != wanted["apiVersion"]:
        return [Mismatch(("apiVersion",), wanted["apiVersion"], version)]
    comparison = _Comparison(wanted, live)
    found: list[Mismatch] = []
    for part in sorted({*wanted, *(name for name, _ in children(tree))} - {"apiVersion", "kind"}):
        found.extend(comparison.walk((part,), wanted.get(part), live.get(part), tree.get(f"f:{part}")))
    return [mismatch for mismatch in found if mismatch.path != ("metadata", "annotations", DIGEST)]


def changed(before: KubernetesObject, after: KubernetesObject) -> list[Mismatch]:
    """What a (dry) run of the server turned into something else, what the server itself counts and notes aside."""
    ignored = {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"}
    found: list[Mismatch] = []
    for part in sorted({*before, *after} - {"status"}):
        old, new = before.get(part), after.get(part)
        if part == "metadata":
            old = {key: value for key, value in (old or {}).items() if key not in ignored}
            new = {key: value for key, value in (new or {}).items() if key not in ignored}
        found.extend(_compare((part,), new, old))
    return [mismatch for mismatch in found if mismatch.path != ("metadata", "annotations", DIGEST)]


def described(ref: Ref, live: KubernetesObject | None, found: list[Mismatch]) -> tuple[Difference, ...]:
    """Differences as people and reports read them: with who wrote what was seen, and secrets masked."""
    result = []
    for mismatch in found:
        others = owners(live, mismatch.path) if live else []
        secret = ref.kind == "Secret" and mismatch.path[0] in ("data", "stringData")
        wanted, seen = (_masked(mismatch.wanted), _masked(mismatch.seen)) if secret else (mismatch.wanted, mismatch.seen)
        writer = others[0] if others else None
        result.append(
            Difference(str(ref), spelled(mismatch.path), wanted, seen, writer.manager if writer else "", writer.time if writer else "")
        )
    return tuple(result)


class _Comparison:
    """One object against what is wanted of it."""

    def __init__(self, wanted: KubernetesObject, live: KubernetesObject) -> None:
        self._live = live
        self._is_last_applied = annotations_of(live).get(DIGEST) == digest(wanted)

    def walk(self, path: Path, wanted: Any, seen: Any, tree: Tree | None) -> Iterator[Mismatch]:
        """By ownership where ``tree`` says what is ours, by value where it ends."""
        if tree is None or is_leaf(tree) or is_empty(seen):
            yield from self._by_value(path, wanted, seen, tree)
        elif isinstance(seen, dict) and isinstance(wanted or {}, dict):
            wanted = wanted or {}
            for name, value in wanted.items():
                yield from self.walk((*path, name), value, seen.get(name), tree.get(f"f:{name}"))
            for name, below in children(tree):
                if name not in wanted:
                    yield from self.walk((*path, name), None, seen.get(name), below)
        elif isinstance(seen, list) and isinstance(wanted or [], list) and list_keys(tree):
            yield from self._keyed(path, wanted or [], seen, tree)
        elif isinstance(seen, list) and isinstance(wanted or [], list) and set_values(tree):
            wanted = wanted or []
            yield from (Mismatch((*path, f"[{json.dumps(value)}]"), value, None) for value in wanted if value not in seen)
            gone = (value for value in set_values(tree) if value not in wanted and value in seen)
            yield from (Mismatch((*path, f"[{json.dumps(value)}]"), None, value) for value in gone)
        else:
            yield Mismatch(path, wanted, seen)

    def _by_value(self, path: Path, wanted: Any, seen: Any, tree: Tree | None) -> Iterator[Mismatch]:
        if is_empty(wanted) and not is_empty(seen):
            if tree is not None or (wanted is not None and path[-1] in MEANS_SOMETHING_EMPTY):  # ours and no longer wanted, or wanted empty
                yield Mismatch(path, wanted, seen)
        elif tree is not None and is_leaf(tree) and (self._is_last_applied if seen is not None else not wanted):
            return  # the server's own spelling; zeros, "" and false it may leave out
        elif tree is None and isinstance(seen, Mapping | list) and is_whole(self._live, path):
            yield from _compare(path, wanted, seen)
        else:
            yield from _within(path, wanted, seen)

    def _keyed(self, path: Path, wanted: list[Any], seen: list[Any], tree: Tree) -> Iterator[Mismatch]:
        """A list whose items have keys: other managers' items may stand between ours."""
        keys = list_keys(tree)
        names = list(keys[0][0])
        find_wanted, find_seen = finder(wanted, names), finder(seen, names)
        unmatched = dict(enumerate(wanted))
        places: list[tuple[int, int]] = []
        for key, below in keys:
            here, there = find_wanted(key), find_seen(key)
            part = item_name(key)
            if here is not None and unmatched.pop(here, None) is not None:
                if there is None:
                    yield Mismatch((*path, part), wanted[here], None)
                else:
                    places.append((here, there))
                    yield from self.walk((*path, part), wanted[here], seen[there], below)
            elif there is not None:
                yield Mismatch((*path, part), None, seen[there])
        for here, item in unmatched.items():
            key = {name: item[name] for name in names if isinstance(item, Mapping) and name in item}
            there = find_seen(key) if key else None
            if there is None:
                yield Mismatch((*path, item_name(key)), item, None)
            else:
                places.append((here, there))
                yield from _within((*path, item_name(key)), item, seen[there])
        if path[-1] in _ORDERED and [there for _, there in sorted(places)] != sorted(there for _, there in places):
            yield Mismatch((*path, "[order]"), [_title(item) for item in wanted], [_title(item) for item in seen])


def _within(path: Path, wanted: Any, seen: Any) -> Iterator[Mismatch]:
    """By value: mappings may hold more than is wanted (defaults, other managers' fields), lists may not."""
    if isinstance(wanted, dict) and isinstance(seen, dict) and wanted:
        for name, value in wanted.items():
            yield from _within((*path, name), value, seen.get(name))
    elif isinstance(wanted, dict) and wanted and seen is None:
        if any(next(_within((*path, name), value, None), None) for name, value in wanted.items()):
            yield Mismatch(path, wanted, None)
    elif isinstance(wanted, list) and isinstance(seen, list) and len(wanted) == len(seen):
        for index, (one, other) in enumerate(zip(wanted, seen, strict=True)):
            yield from _within((*path, _item_part(one, other, index)), one, other)
    elif not same(path, wanted, seen):
        yield Mismatch(path, wanted, seen)


def _compare(path: Path, wanted: Any, seen: Any) -> Iterator[Mismatch]:
    """By value, both ways: items of lists are matched by their names where they have some."""
    if is_empty(wanted) and is_empty(seen):
        return
    if isinstance(wanted, Mapping) and isinstance(seen, Mapping):
        for name in sorted({*wanted, *seen}):
            yield from _compare((*path, name), wanted.get(name), seen.get(name))
    elif isinstance(wanted, list) and isinstance(seen, list) and (pairs := _pairs(wanted, seen)) is not None:
        for part, one, other in pairs:
            yield from _compare((*path, part), one, other)
    elif isinstance(wanted, list) and isinstance(seen, list) and sorted(map(_text, wanted)) != sorted(map(_text, seen)):
        yield from (Mismatch((*path, f"[{index}]"), item, None) for index, item in enumerate(wanted) if item not in seen)
        yield from (Mismatch((*path, f"[{index}]"), None, item) for index, item in enumerate(seen) if item not in wanted)
    elif wanted != seen:
        yield Mismatch(path, wanted, seen)


def _pairs(wanted: list[Any], seen: list[Any]) -> list[tuple[str, Any, Any]] | None:
    items = [*wanted, *seen]
    if not all(isinstance(item, Mapping) for item in items):
        return None
    for key in _ITEM_KEYS:
        names, others = [item.get(key) for item in wanted], [item.get(key) for item in seen]
        if None not in [*names, *others] and len(set(names)) == len(names) and len(set(others)) == len(others):
            shared = [name for name in names if name in others]
            if shared != [name for name in others if name in names]:
                return None  # the order changed: shown whole
            left, right = dict(zip(names, wanted, strict=True)), dict(zip(others, seen, strict=True))
            return [(item_name({key: name}), left.get(name), right.get(name)) for name in dict.fromkeys([*names, *others])]
    return (
        [(f"[{index}]", one, other) for index, (one, other) in enumerate(zip(wanted, seen, strict=True))]
        if len(wanted) == len(seen)
        else None
    )


def _item_part(one: Any, other: Any, index: int) -> str:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in _ITEM_KEYS:
            if key in one and one[key] == other.get(key):
                return item_name({key: one[key]})
    return f"[{index}]"


def _text(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def _title(item: Any) -> Any:
    return item.get("name", item) if isinstance(item, Mapping) else item


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict.fromkeys(value, SECRET)
    return None if value is None else SECRET


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    text = redact(value if isinstance(value, str) else json.dumps(value, default=str))  # first: half a secret would not be known again
    return json.dumps(text) if isinstance(value, str) and (not text or "\n" in text) else text
