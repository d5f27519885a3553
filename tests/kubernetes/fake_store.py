"""The objects of a fake API server: versions, history for watches, server-side apply with managedFields.

It follows the real server where the product depends on it: ownership per field, conflicts, transfer by updates, defaults, canonical
quantities, dropped empties, dry runs, generations. It knows a few list types by name instead of a schema.
"""

from __future__ import annotations

import copy
import itertools
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Leaf = tuple[str, ...]

KEYED = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "webhooks": ("name",),
}
SETS = frozenset({"finalizers", "members"})
ATOMIC = frozenset({"selector", "podSelector", "namespaceSelector", "labelSelector", "fieldRef", "secretKeyRef"})
KEPT_EMPTY = frozenset({"emptyDir", "podSelector", "namespaceSelector", "selfSigned"})
UNOWNED = frozenset({"apiVersion", "kind", "status"})
UNOWNED_METADATA = frozenset(
    {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "deletionTimestamp"}
)
AS_IT_IS = ("data", "annotations", "labels", "managedFields", "status")
QUANTITIES = {"1000m": "1", "2.0": "2", "0.5": "500m", "1024Mi": "1Gi", "0.5Gi": "512Mi"}


class Refusal(Exception):
    """What the server answers instead."""

    def __init__(self, code: int, reason: str, message: str, causes: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.causes = code, reason, message, causes or []


@dataclass
class Event:
    version: int
    kind: str
    plural: str
    obj: dict[str, Any]


@dataclass
class Store:
    """Everything that the server keeps; `changed` is notified of each event."""

    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    compacted: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    immutable: set[tuple[str, str]] = field(default_factory=set)
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(100))
    version: int = 99

    def get(self, plural: str, namespace: str, name: str) -> dict[str, Any]:
        found = self.objects.get((plural, namespace, name))
        if found is None:
            raise Refusal(404, "NotFound", f'{plural} "{name}" not found')
        return found

    def list(self, plural: str, namespace: str) -> list[dict[str, Any]]:
        return [obj for (one, where, _), obj in sorted(self.objects.items()) if one == plural and namespace in ("", where)]

    def apply(self, plural: str, namespace: str, applied: dict[str, Any], manager: str, *, force: bool, dry_run: bool) -> dict[str, Any]:
        with self.changed:
            name = applied["metadata"]["name"]
            live = self.objects.get((plural, namespace, name))
            merged = copy.deepcopy(live) if live else {"metadata": {}}
            mine = leaves(applied)
            entries = _entries(live)
            conflicts = []
            for entry in entries:
                if (entry["manager"], entry["operation"], entry.get("subresource", "")) == (manager, "Apply", ""):
                    continue
                theirs = to_leaves(entry["fieldsV1"])
                clash = {
                    leaf
                    for leaf in theirs
                    if any(_overlap(leaf, own) for own in mine) and value_at(live, leaf) != value_at(admitted(applied), leaf)
                }
                conflicts += [(entry["manager"], leaf) for leaf in sorted(clash)]
                if force:
                    entry["fieldsV1"] = to_tree(theirs - clash)
            if conflicts and not force:
                causes = [
                    {
                        "reason": "FieldManagerConflict",
                        "message": f'conflict with "{who}" using {applied["apiVersion"]}',
                        "field": dotted(leaf),
                    }
                    for who, leaf in conflicts
                ]
                raise Refusal(409, "Conflict", f"Apply failed with {len(causes)} conflict(s)", causes)
            old = next((entry for entry in entries if entry["manager"] == manager and entry["operation"] == "Apply"), None)
            others = set().union(*(to_leaves(entry["fieldsV1"]) for entry in entries if entry is not old)) if entries else set()
            for leaf in (to_leaves(old["fieldsV1"]) if old else set()) - mine - others:
                _remove(merged, leaf)
            _merge(merged, applied, ())
            entries = [entry for entry in entries if entry is not old and entry["fieldsV1"]]
            entries.append(
                {"manager": manager, "operation": "Apply", "apiVersion": applied["apiVersion"], "time": _now(), "fieldsV1": to_tree(mine)}
            )
            merged["metadata"]["managedFields"] = entries
            return self._save(plural, namespace, name, merged, live, dry_run=dry_run)

    def update(
        self, plural: str, namespace: str, obj: dict[str, Any], manager: str, *, dry_run: bool = False, subresource: str = ""
    ) -> dict[str, Any]:
        with self.changed:
            name = obj["metadata"]["name"]
            live = self.objects.get((plural, namespace, name))
            obj = copy.deepcopy(obj)
            obj.setdefault("metadata", {})
            before = leaves(live) if live else set()
            after = leaves(admitted(obj))
            taken = {leaf for leaf in after if leaf not in before or value_at(live, leaf) != value_at(admitted(obj), leaf)}
            gone = before - after
            entries = _entries(live)
            for entry in entries:
                entry["fieldsV1"] = to_tree(to_leaves(entry["fieldsV1"]) - taken - gone)
            mine = next(
                (
                    entry
                    for entry in entries
                    if (entry["manager"], entry["operation"], entry.get("subresource", "")) == (manager, "Update", subresource)
                ),
                None,
            )
            if taken and mine is None:
                mine = {"manager": manager, "operation": "Update", "apiVersion": obj["apiVersion"], "fieldsV1": {}}
                if subresource:
                    mine["subresource"] = subresource
                entries.append(mine)
            if taken and mine:
                mine["fieldsV1"] = to_tree(to_leaves(mine["fieldsV1"]) | taken)
                mine["time"] = _now()
            obj["metadata"]["managedFields"] = [entry for entry in entries if entry["fieldsV1"]]
            return self._save(plural, namespace, name, obj, live, dry_run=dry_run)

    def delete(self, plural: str, namespace: str, name: str, *, dry_run: bool = False) -> dict[str, Any]:
        with self.changed:
            obj = self.get(plural, namespace, name)
            if not dry_run:
                for other, place, one in list(self.objects):
                    if plural == "v1/namespaces" and place == name:
                        self.delete(other, place, one)
                del self.objects[plural, namespace, name]
                self._tell("DELETED", plural, obj)
            return obj

    def touch(self, plural: str, namespace: str, name: str) -> None:
        """A new resource version without any change, as the real server gives now and then."""
        with self.changed:
            obj = self.get(plural, namespace, name)
            self._tell("MODIFIED", plural, obj)

    def set_status(self, plural: str, namespace: str, name: str, **status: Any) -> None:
        with self.changed:
            obj = copy.deepcopy(self.get(plural, namespace, name))
            obj["status"] = {**(obj.get("status") or {}), **status}
            self.objects[plural, namespace, name] = obj
            self._tell("MODIFIED", plural, obj)

    def _save(
        self, plural: str, namespace: str, name: str, obj: dict[str, Any], live: dict[str, Any] | None, *, dry_run: bool
    ) -> dict[str, Any]:
        obj = admitted(obj)
        metadata = obj["metadata"]
        metadata["name"] = name
        if namespace:
            metadata["namespace"] = namespace
        if live:
            for path in self.immutable:
                if path[0] == plural and value_at(live, ("f:spec", f"f:{path[1]}")) != value_at(obj, ("f:spec", f"f:{path[1]}")):
                    cause = {"reason": "FieldValueInvalid", "message": "field is immutable", "field": f"spec.{path[1]}"}
                    raise Refusal(422, "Invalid", f"spec.{path[1]}: Invalid value: field is immutable", [cause])
        for key in ("uid", "creationTimestamp", "resourceVersion", "generation"):
            if live:
                metadata[key] = live["metadata"][key]
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", _now())
        metadata.setdefault("generation", 1)
        if live and obj.get("spec") != live.get("spec"):
            metadata["generation"] = live["metadata"]["generation"] + 1
        if live and _without_times(obj) == _without_times(live):
            return live
        if not dry_run:
            self.objects[plural, namespace, name] = obj
            self._tell("MODIFIED" if live else "ADDED", plural, obj)
        return obj

    def _tell(self, kind: str, plural: str, obj: dict[str, Any]) -> None:
        self.version = next(self._versions)
        obj["metadata"]["resourceVersion"] = str(self.version)
        self.events.append(Event(self.version, kind, plural, copy.deepcopy(obj)))
        self.changed.notify_all()


def leaves(obj: dict[str, Any] | None) -> set[Leaf]:
    """The leaf fields of an object, as managedFields count them."""
    found: set[Leaf] = set()
    for name, value in (obj or {}).items():
        if name == "metadata":
            for key, below in value.items():
                if key not in UNOWNED_METADATA:
                    found |= _leaves(below, ("f:metadata", f"f:{key}"), key)
        elif name not in UNOWNED:
            found |= _leaves(value, (f"f:{name}",), name)
    return found


def _leaves(value: Any, path: Leaf, name: str) -> set[Leaf]:
    if isinstance(value, Mapping) and value and name not in ATOMIC:
        return set().union(*(_leaves(below, (*path, f"f:{key}"), key) for key, below in value.items()))
    if isinstance(value, list) and (keys := _keys(name, value)):
        found: set[Leaf] = set()
        for item in value:
            here = (
                *path,
                "k:" + json.dumps({key: item.get(key, "TCP" if key == "protocol" else None) for key in keys}, separators=(",", ":")),
            )
            found |= {(*here, ".")} | set().union(*(_leaves(below, (*here, f"f:{key}"), key) for key, below in item.items()))
        return found
    if isinstance(value, list) and name in SETS:
        return {(*path, "v:" + json.dumps(item)) for item in value}
    return {path}


def _keys(name: str, value: list[Any]) -> tuple[str, ...]:
    if not value or not all(isinstance(item, Mapping) for item in value):
        return ()
    if name == "ports":
        return ("containerPort", "protocol") if "containerPort" in value[0] else ("port", "protocol") if "port" in value[0] else ()
    return KEYED.get(name, ())


def to_tree(paths: set[Leaf]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        here = tree
        for part in path:
            here = here.setdefault(part, {})
    return tree


def to_leaves(tree: Mapping[str, Any], path: Leaf = ()) -> set[Leaf]:
    if not tree:
        return {path} if path else set()
    return set().union(*(to_leaves(below, (*path, part)) for part, below in tree.items()))


def value_at(obj: Any, path: Leaf) -> Any:
    for part in path:
        if part == ".":
            return True
        obj = _step(obj, part)
        if obj is None:
            return None
    return obj


def _step(obj: Any, part: str) -> Any:
    kind, text = part[:2], part[2:]
    if kind == "f:":
        return obj.get(text) if isinstance(obj, Mapping) else None
    if not isinstance(obj, list):
        return None
    if kind == "v:":
        return json.loads(text) if json.loads(text) in obj else None
    key = json.loads(text)
    return next(
        (item for item in obj if all(item.get(name, "TCP" if name == "protocol" else None) == value for name, value in key.items())), None
    )


def _remove(obj: Any, path: Leaf) -> None:
    parent = value_at(obj, path[:-1])
    last = path[-1]
    if parent is None:
        return
    if last == ".":
        holder, item = value_at(obj, path[:-2]), parent
        if isinstance(holder, list) and item in holder and all(key in json.loads(path[-2][2:]) for key in item):
            holder.remove(item)
    elif last.startswith("f:") and isinstance(parent, dict):
        parent.pop(last[2:], None)
    elif last.startswith("v:"):
        parent.remove(json.loads(last[2:]))


def _merge(into: dict[str, Any], applied: Mapping[str, Any], path: Leaf) -> None:
    for name, value in applied.items():
        if isinstance(value, Mapping) and value and name not in ATOMIC and isinstance(into.get(name), dict):
            _merge(into[name], value, (*path, name))
        elif isinstance(value, list) and (keys := _keys(name, value)) and isinstance(into.get(name), list):
            merged = []
            for item in value:
                key = "k:" + json.dumps({key: item.get(key, "TCP" if key == "protocol" else None) for key in keys})
                known = _step(into[name], key)
                one = copy.deepcopy(known) if known else {}
                _merge(one, item, ())
                merged.append(one)
            names = [tuple(item.get(key, "TCP" if key == "protocol" else None) for key in keys) for item in value]
            kept = [item for item in into[name] if tuple(item.get(key, "TCP" if key == "protocol" else None) for key in keys) not in names]
            into[name] = merged + kept
        elif isinstance(value, list) and name in SETS and isinstance(into.get(name), list):
            into[name] = [*into[name], *(item for item in value if item not in into[name])]
        else:
            into[name] = copy.deepcopy(value)


def admitted(obj: Any, name: str = "") -> Any:
    """Defaults, canonical quantities, and no empties: what the real server makes of an object."""
    if isinstance(obj, Mapping):
        if name in ("limits", "requests"):
            return {key: QUANTITIES.get(str(value), str(value)) for key, value in obj.items()}
        found = {key: admitted(value, key) for key, value in obj.items() if value is not None and key not in AS_IT_IS}
        found |= {key: copy.deepcopy(obj[key]) for key in AS_IT_IS if obj.get(key)}
        found = {key: value for key, value in found.items() if value not in ({}, []) or key in KEPT_EMPTY}
        if name == "ports[]" and ("containerPort" in found or "port" in found):
            found.setdefault("protocol", "TCP")
        if name == "containers[]":
            found.setdefault("imagePullPolicy", "IfNotPresent")
        return found
    if isinstance(obj, list):
        return [admitted(item, f"{name}[]") for item in obj]
    if name == "duration" and obj == "60s":
        return "1m0s"  # a spelling of the server's own, which nobody can know beforehand
    return int(obj) if isinstance(obj, float) and obj.is_integer() else obj


def dotted(path: Leaf) -> str:
    text = ""
    for part in path:
        if part.startswith("f:"):
            text += f".{part[2:]}"
        elif part != ".":
            key = json.loads(part[2:])
            text += (
                "["
                + (",".join(f"{name}={json.dumps(value)}" for name, value in key.items()) if isinstance(key, dict) else json.dumps(key))
                + "]"
            )
    return text


def _overlap(one: Leaf, other: Leaf) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter] and "." not in (one[-1], other[-1])


def _entries(live: dict[str, Any] | None) -> list[dict[str, Any]]:
    return copy.deepcopy((live or {}).get("metadata", {}).get("managedFields") or [])


def _without_times(obj: dict[str, Any]) -> dict[str, Any]:
    plain = copy.deepcopy(obj)
    for entry in plain["metadata"].get("managedFields") or ():
        entry.pop("time", None)
    plain["metadata"].pop("resourceVersion", None)
    return plain


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
