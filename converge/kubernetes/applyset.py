"""Which objects a component consists of, told by labels as kubectl's ApplySets do (KEP-3659).

The parent is a ConfigMap ``thinkube-system/applyset-NAME`` that names the kinds and namespaces of the members, so that one list a kind
finds them all; `kubectl apply --prune --applyset=configmap/applyset-NAME -n thinkube-system` understands the same set.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from converge.kubernetes.client import Api
from converge.kubernetes.desired import COMPONENT, PART_OF
from converge.kubernetes.discovery import Resource, UnknownKind
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import SYSTEM_NAMESPACE, KubernetesObject, Ref, annotations_of, labels_of

ID = "applyset.kubernetes.io/id"
_TOOLING = "applyset.kubernetes.io/tooling"
_KINDS = "applyset.kubernetes.io/contains-group-kinds"
_NAMESPACES = "applyset.kubernetes.io/additional-namespaces"

THREADS = 16
"""How many requests of one comparison are under way at once."""


@dataclass(frozen=True)
class Parent:
    """What the parent says of its members: ``Parent("keycloak", {"Deployment.apps"}, {"keycloak"})``."""

    owner: str
    kinds: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()

    @classmethod
    def read(cls, owner: str, obj: KubernetesObject) -> Parent:
        """From the ConfigMap."""
        notes = annotations_of(obj)
        return cls(owner, *(frozenset(filter(None, notes.get(name, "").split(","))) for name in (_KINDS, _NAMESPACES)))

    def object(self) -> KubernetesObject:
        """As the ConfigMap."""
        notes = {_TOOLING: "thinkube/v1", _KINDS: ",".join(sorted(self.kinds)), _NAMESPACES: ",".join(sorted(self.namespaces))}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": parent_name(self.owner),
                "namespace": SYSTEM_NAMESPACE,
                "labels": {ID: set_id(self.owner), COMPONENT: self.owner},
                "annotations": {name: text for name, text in notes.items() if text or name != _NAMESPACES},
            },
        }


def parent_name(owner: str) -> str:
    """``applyset-keycloak``."""
    return f"applyset-{owner}"


def set_id(owner: str) -> str:
    """The ApplySet's ID, which its members carry: a hash of the parent's name, namespace, kind and group, as the KEP wants it."""
    text = f"{parent_name(owner)}.{SYSTEM_NAMESPACE}.ConfigMap."
    return f"applyset-{base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')}-v1"


def cover(api: Api, owner: str, refs: Iterable[Ref]) -> None:
    """Let the parent name the kinds and namespaces of these members too, before they are written; a no-op where it does already."""
    refs = list(refs)
    found = api.find("ConfigMap", parent_name(owner), SYSTEM_NAMESPACE)
    old = Parent.read(owner, found) if found else Parent(owner)
    new = Parent(
        owner,
        old.kinds | {ref.group_kind for ref in refs},
        old.namespaces | {ref.namespace for ref in refs if ref.namespace not in ("", SYSTEM_NAMESPACE)},
    )
    if found is None or new != old:
        ensure_system_namespace(api)
        api.apply(new.object())


def narrow(api: Api, owner: str, left: Iterable[Ref]) -> None:
    """Let the parent name only what is left after pruning; without members it goes as well."""
    refs = list(left)
    if refs:
        namespaces = frozenset(ref.namespace for ref in refs) - {"", SYSTEM_NAMESPACE}
        api.apply(Parent(owner, frozenset(ref.group_kind for ref in refs), namespaces).object())
    else:
        api.delete("ConfigMap", parent_name(owner), SYSTEM_NAMESPACE)


def ensure_system_namespace(api: Api) -> None:
    """The namespace of the Lease, the records and the ApplySet parents."""
    if api.find("Namespace", SYSTEM_NAMESPACE) is None:
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}})


class Seen:
    """What is there: each kind is listed once, by label, in all namespaces. Of one owner, or (``owner`` "") of every component."""

    def __init__(self, api: Api, owner: str = "") -> None:
        self._api = api
        self._owner = owner
        self._selector = f"{PART_OF}={set_id(owner)}" if owner else PART_OF
        self._lock = threading.Lock()
        self._lists: dict[str, list[KubernetesObject]] = {}
        self._listing: dict[str, threading.Lock] = {}
        self._parents: dict[str, Parent] | None = None

    def members(self, owner: str, kinds: Iterable[tuple[str, str]]) -> dict[Ref, KubernetesObject]:
        """The members of an owner's set among kinds, given as (kind or Kind.group, apiVersion or "")."""
        with ThreadPoolExecutor(THREADS) as pool:
            lists = pool.map(lambda kind: self._list(*kind), sorted(set(kinds)))
            mine = set_id(owner)
            return {Ref.of(obj): obj for objects in lists for obj in objects if labels_of(obj).get(PART_OF) == mine}

    def parent(self, owner: str) -> Parent:
        """What an owner's parent names; nothing where there is none."""
        if self._owner:
            found = self._api.find("ConfigMap", parent_name(owner), SYSTEM_NAMESPACE)
            return Parent.read(owner, found) if found else Parent(owner)
        with self._lock:
            if self._parents is None:
                objects = self._api.list("ConfigMap", SYSTEM_NAMESPACE, labels=ID)
                names = {obj["metadata"]["name"]: obj for obj in objects}
                self._parents = {name: Parent.read(name, obj) for name, obj in names.items()}
        return self._parents.get(parent_name(owner), Parent(owner))

    def _list(self, kind: str, api_version: str) -> list[KubernetesObject]:
        try:
            resource = self._api.resource(kind, api_version)
        except UnknownKind:
            return []
        key = resource.path()
        with self._lock:
            lock = self._listing.setdefault(key, threading.Lock())
        with lock:
            if key not in self._lists:
                self._lists[key] = self._list_now(resource)
            return self._lists[key]

    def _list_now(self, resource: Resource) -> list[KubernetesObject]:
        try:
            return self._api.list(resource.kind, labels=self._selector, api_version=resource.api_version)
        except ApiRefused as refused:
            if refused.code == 404:  # its definition is gone
                return []
            raise
