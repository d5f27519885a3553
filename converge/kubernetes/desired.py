"""From an object as a component states it to the object as it is applied: normal form, labels, and what we claim of it."""

from __future__ import annotations

import base64
import copy
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from converge.errors import Refused
from converge.kubernetes.difference import DIGEST, digest
from converge.kubernetes.equality import Path
from converge.kubernetes.fields import item_name, owned, owns, spelled
from converge.kubernetes.objects import KubernetesObject, Ref

SHARED = "thinkube.dev/shared"
"""The object is somebody else's (``kube-system/coredns``): only the fields that are stated are ours; never labelled, never pruned."""

FORCE = "thinkube.dev/force"
"""Fields that are ours against any other manager: ``"spec.replicas,data.Corefile"``."""

RELEASED = "thinkube.dev/released"
"""Fields that are stated for the object's creation only and belong to others afterwards, such as an autoscaler's ``"spec.replicas"``."""

PART_OF = "applyset.kubernetes.io/part-of"
COMPONENT = "thinkube.dev/component"
"""The label that says to people whose object it is."""

_ITEM_KEYS = ("name", "mountPath", "containerPort", "port", "type", "key", "ip", "host")


@dataclass(frozen=True)
class Desired:
    """An object in normal form with what its annotations said about it."""

    obj: KubernetesObject
    ref: Ref
    is_shared: bool
    forced: tuple[str, ...]
    released: tuple[str, ...]

    def claims(self, path: Path) -> bool:
        """Whether a field is ours against any other manager."""
        text = spelled(path)
        return self.is_shared or any(_is_at_or_below(text, field) for field in self.forced)

    def against(self, live: KubernetesObject | None) -> KubernetesObject:
        """What to apply, given what is there: released fields stay as they are, and the digest is added."""
        wanted = copy.deepcopy(self.obj)
        if live is not None:
            tree, _ = owned(live)
            for field in self.released:
                _release(wanted, live, field, tree, ())
        wanted["metadata"].setdefault("annotations", {})[DIGEST] = digest(wanted)
        return wanted


def desired(obj: KubernetesObject, *, owner: str, part_of: str, namespaced: bool | None) -> Desired:
    """Bring a component's object into normal form; ``namespaced`` is None where the kind is not known yet.

    Raises:
        Refused: it has no kind, apiVersion or name, or uses generateName.
    """
    plain = _plain(obj)
    metadata = plain.get("metadata") if isinstance(plain, dict) else None
    if not (isinstance(metadata, dict) and metadata.get("name") and plain.get("kind") and plain.get("apiVersion")):
        raise Refused(f"every object of {owner} with apiVersion, kind and metadata.name", seen=str(obj)[:120], next_command="make unit")
    plain.pop("status", None)
    metadata.pop("creationTimestamp", None)
    if namespaced:
        metadata.setdefault("namespace", "default")
    elif namespaced is False:
        metadata.pop("namespace", None)
    notes = metadata.get("annotations") or {}
    is_shared = notes.pop(SHARED, "") == "true"
    forced, released = (tuple(field.strip() for field in notes.pop(name, "").split(",") if field.strip()) for name in (FORCE, RELEASED))
    if not is_shared:
        metadata["labels"] = {**(metadata.get("labels") or {}), PART_OF: part_of, COMPONENT: owner}
    if plain["kind"] == "Secret" and plain["apiVersion"] == "v1" and "stringData" in plain:
        text = plain.pop("stringData")
        plain["data"] = {
            **(plain.get("data") or {}),
            **{key: base64.b64encode(str(value).encode()).decode() for key, value in text.items()},
        }
    return Desired(plain, Ref.of(plain), is_shared, forced, released)


def _plain(value: Any) -> Any:
    """As JSON: no nulls in mappings, times as text, keys as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_at_or_below(text: str, field: str) -> bool:
    return text == field or text.startswith((f"{field}.", f"{field}["))


def _release(wanted: Any, live: Any, field: str, tree: Any, path: Path) -> None:
    """Give a field the live value where our apply still owns it (else it would vanish), and leave it out where it does not."""
    if isinstance(wanted, dict):
        for name in list(wanted):
            below = (*path, name)
            seen = live.get(name) if isinstance(live, Mapping) else None
            if spelled(below) == field:
                if owns(tree, below) and seen is not None:
                    wanted[name] = seen
                else:
                    del wanted[name]
            elif _is_at_or_below(field, spelled(below)):
                _release(wanted[name], seen, field, tree, below)
    elif isinstance(wanted, list):
        for item in wanted:
            key = next((key for key in _ITEM_KEYS if isinstance(item, Mapping) and key in item), "")
            if not key:
                continue
            seen = next((other for other in live or () if isinstance(other, Mapping) and other.get(key) == item[key]), None)
            _release(item, seen, field, tree, (*path, item_name({key: item[key]})))
