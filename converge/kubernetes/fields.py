"""Who owns which field of an object: `managedFields` as the API server keeps them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from converge.kubernetes.equality import Path
from converge.kubernetes.objects import MANAGER, KubernetesObject

Tree = Mapping[str, Any]
"""A `fieldsV1` tree: ``{"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}}}}}``."""

_KEY_DEFAULTS = {"protocol": "TCP"}


@dataclass(frozen=True)
class Owner:
    """A field manager's claim: ``Owner("kubectl-edit", "Update", "", "2026-11-23T21:00:00Z")``."""

    manager: str
    operation: str
    subresource: str
    time: str

    @property
    def is_ours(self) -> bool:
        """Whether it is this product's own apply."""
        return self.manager == MANAGER and self.operation == "Apply" and not self.subresource

    @property
    def is_edit(self) -> bool:
        """Whether a person's tool changed it once, rather than a controller or another apply that means to keep it."""
        return self.operation == "Update" and (self.manager == MANAGER or self.manager.lower().startswith(_PERSONS_TOOLS))


_PERSONS_TOOLS = (
    "kubectl",
    "k9s",
    "lens",
    "openlens",
    "freelens",
    "headlamp",
    "dashboard",
    "curl",
    "wget",
    "mozilla",
    "python",
    "openapi-generator",
    "httpie",
    "postman",
)


def owned(live: KubernetesObject) -> tuple[Tree, str]:
    """What our own apply owns, and the ``apiVersion`` in which it was applied; ({}, "") where it owns nothing."""
    for entry in live.get("metadata", {}).get("managedFields") or ():
        if _owner(entry).is_ours:
            return entry.get("fieldsV1") or {}, entry.get("apiVersion", "")
    return {}, ""


def owners(live: KubernetesObject, path: Path) -> list[Owner]:
    """Everybody else who owns the field at a path, or something below it; the latest first."""
    found = [
        _owner(entry)
        for entry in live.get("metadata", {}).get("managedFields") or ()
        if not _owner(entry).is_ours and owns(entry.get("fieldsV1") or {}, path)
    ]
    return sorted(found, key=lambda owner: owner.time, reverse=True)


def is_whole(live: KubernetesObject, path: Path) -> bool:
    """Whether another manager owns the list or mapping at a path as a whole, so that whatever it holds is that manager's."""
    for entry in live.get("metadata", {}).get("managedFields") or ():
        tree: Tree | None = entry.get("fieldsV1") or {}
        for part in path:
            tree = _below(tree, part) if tree else None
        if tree is not None and is_leaf(tree) and not _owner(entry).is_ours and "." not in tree:
            return True
    return False


def writers(live: KubernetesObject) -> list[str]:
    """The names of all managers of an object, for saying whose it is."""
    entries = live.get("metadata", {}).get("managedFields") or ()
    return sorted({entry.get("manager", "") for entry in entries if entry.get("subresource") != "status"} - {""})


def is_leaf(tree: Tree | None) -> bool:
    """Whether the tree ends here: the value is owned as a whole."""
    return tree is not None and len(tree) == ("." in tree)


def list_keys(tree: Tree | None) -> list[tuple[Mapping[str, Any], Tree]]:
    """The items of a keyed list that a tree names: ``[({"name": "http"}, {...})]``."""
    return [(_parsed(key), below) for key, below in (tree or {}).items() if key.startswith("k:")]


@lru_cache(4096)
def _parsed(key: str) -> Mapping[str, Any]:
    """Of ``k:{"name":"http"}``; the same keys come back in every object."""
    parsed: dict[str, Any] = json.loads(key.removeprefix("k:"))
    return parsed


def set_values(tree: Tree | None) -> list[Any]:
    """The items of a set that a tree names."""
    return [json.loads(key[2:]) for key in tree or () if key.startswith("v:")]


def children(tree: Tree | None) -> Iterator[tuple[str, Tree]]:
    """The fields that a tree names."""
    for key, below in (tree or {}).items():
        if key.startswith("f:"):
            yield key[2:], below


def find_item(items: Sequence[Any], key: Mapping[str, Any]) -> int | None:
    """Where the item with these keys is in a list: what it does not say is taken to be the default."""
    loose = None
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            continue
        given = {name: item.get(name, _KEY_DEFAULTS.get(name)) for name in key}
        if given == dict(key):
            return index
        if (
            loose is None
            and all(value in (None, key[name]) for name, value in given.items())
            and any(value is not None for value in given.values())
        ):
            loose = index
    return loose


def finder(items: Sequence[Any], names: Sequence[str]) -> Callable[[Mapping[str, Any]], int | None]:
    """`find_item` for many keys of these names in one list, which it goes through once."""
    exact: dict[tuple[Any, ...], int] = {}
    for index, item in enumerate(items):
        with contextlib.suppress(TypeError, AttributeError):  # an item that is no mapping, or a key that is no scalar: nobody names it
            exact.setdefault(tuple(item.get(name, _KEY_DEFAULTS.get(name)) for name in names), index)

    def find(key: Mapping[str, Any]) -> int | None:
        found = exact.get(tuple(key[name] for name in names)) if key.keys() == {*names} else None
        return find_item(items, key) if found is None else found

    return find


def item_name(key: Mapping[str, Any]) -> str:
    """``[name="http"]``, as the API server writes it."""
    return "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in sorted(key.items())) + "]"


def spelled(path: Path) -> str:
    """``spec.ports[name="http"].port``; a part with dots stands in brackets: ``metadata.labels["app.kubernetes.io/name"]``."""
    text = ""
    for part in path:
        if part.startswith("["):
            text += part
        elif part.isidentifier() or part.replace("-", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part)}]"
    return text


def _owner(entry: Mapping[str, Any]) -> Owner:
    return Owner(entry.get("manager", ""), entry.get("operation", ""), entry.get("subresource", ""), entry.get("time", ""))


def owns(tree: Tree, path: Path) -> bool:
    """Whether a tree owns the field, something that holds it as a whole, or something below it."""
    for depth, part in enumerate(path):
        if is_leaf(tree) and depth:
            return True
        below = _below(tree, part)
        if below is None:
            return False
        tree = below
    return True


def _below(tree: Tree, part: str) -> Tree | None:
    if not part.startswith("["):
        return tree.get(f"f:{part}")
    for key, below in list_keys(tree):
        if item_name(key) == part:
            return below
    for value in set_values(tree):
        if part == f"[{json.dumps(value)}]":
            return {}
    return None
