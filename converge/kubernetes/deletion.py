"""Waiting until objects that are being deleted are gone: what keeps them is told, and where only a person can help the wait ends early."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from converge.errors import NotReady, ThinkubeError
from converge.kubernetes.client import Api
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.patience import GRACE_S
from converge.kubernetes.retention import everything_in
from converge.kubernetes.wait import wait_until

_FIRST_LOOK_S = 1.0
_LONGEST_LOOK_S = 4.0
_OWN_GROUPS = ("kubernetes.io", "k8s.io")
_OWN = frozenset({"foregroundDeletion", "orphan", "kubernetes"})

_ENDING = re.compile(r"unable to create new content in namespace (\S+) because it is being terminated")
_ENDINGS = 3
"""How often a namespace may end under one piece of work: whoever deletes it time and again does not want it."""


@dataclass(frozen=True)
class Holder:
    """An object that is being deleted and is still there; ``finalizers`` are those that nobody has taken off yet."""

    ref: Ref
    finalizers: tuple[str, ...] = ()

    @property
    def foreign(self) -> tuple[str, ...]:
        """The finalizers that are not Kubernetes' own, whose controllers are not known to run."""
        return tuple(one for one in self.finalizers if one not in _OWN and not one.partition("/")[0].endswith(_OWN_GROUPS))

    def __str__(self) -> str:
        if not self.finalizers:
            return f"{self.ref} is ending"
        names = ", ".join(self.finalizers)
        return f"finalizer {names} of {self.ref} keeps it" if len(self.finalizers) == 1 else f"finalizers {names} of {self.ref} keep it"


@dataclass(frozen=True)
class Departure:
    """What keeps an object that is being deleted: other objects, and what the server says of it."""

    ref: Ref
    holders: tuple[Holder, ...] = ()
    words: str = ""

    @property
    def is_stuck(self) -> bool:
        """Whether all that is left waits for finalizers of somebody else's."""
        return bool(self.holders) and all(holder.foreign for holder in self.holders)

    def __str__(self) -> str:
        more = f" (and {len(self.holders) - 1} more)" if len(self.holders) > 1 else ""
        why = f"{self.holders[0]}{more}" if self.holders else self.words
        return f"{self.ref} is being deleted" + (f"; {why}" if why else "")


def wait_until_gone(api: Api, ref: Ref, uid: str, deadline_s: float) -> None:
    """Wait until an object (with ``uid`` this very one) is no more; ``api`` tells its watcher what keeps it.

    Raises:
        NotReady: the deadline passed, or for `GRACE_S` nothing but finalizers of somebody else's kept it.
    """

    def is_gone(obj: KubernetesObject | None) -> bool:
        return obj is None or bool(uid and obj["metadata"].get("uid") != uid)

    deadline = time.monotonic() + deadline_s
    known: Departure | None = None
    since, look_s = time.monotonic(), _FIRST_LOOK_S
    while True:
        left = deadline - time.monotonic()
        try:
            wait_until(api, ref, is_gone, min(look_s, max(left, 0)), wanted="gone")
            return
        except NotReady as error:
            look_s = min(2 * look_s, _LONGEST_LOOK_S)
            departure = _departure(api, ref, error.seen)
            now = time.monotonic()
            if departure != known:
                known, since = departure, now
                api.wait(str(departure))
            is_stuck = departure.is_stuck and now - since >= GRACE_S
            if is_stuck or now >= deadline:
                when = f"nothing changed for {GRACE_S:.0f} s" if is_stuck else f"after {deadline_s:.0f} s"
                raise NotReady(
                    f"{ref} gone", seen=f"{departure}, {when}", cause=_cause(departure), next_command=_next(departure)
                ) from error


def through_endings(api: Api, objects: Iterable[KubernetesObject], work: Callable[[], None], left_s: Callable[[], float]) -> None:
    """Do some work, and from its beginning again once a Namespace among ``objects`` is gone that began to end under it.

    Nothing less will do: whatever was read of such a namespace goes with it, what the work did not mean to write included.

    Raises:
        NotReady: the namespace does not go, see `wait_until_gone`.
    """
    own = {obj["metadata"]["name"] for obj in objects if obj["kind"] == "Namespace"}
    for endings_left in reversed(range(_ENDINGS)):
        try:
            work()
            return
        except ApiRefused as refused:
            ending = _ENDING.search(refused.message)
            if ending is None or ending[1] not in own or not endings_left:
                raise
            live = api.find("Namespace", ending[1])
            if live and live["metadata"].get("deletionTimestamp"):
                wait_until_gone(api, Ref.of(live), live["metadata"]["uid"], left_s())


def _departure(api: Api, ref: Ref, seen: str) -> Departure:
    quick = api.view(patience_s=3, counts=api.counts)
    try:
        obj = quick.find(ref.kind, ref.name, ref.namespace, api_version=ref.api_version)
        if obj is None or not obj["metadata"].get("deletionTimestamp"):
            return Departure(ref, words=seen)
        going = [one for one in [obj, *_below(quick, obj)] if one["metadata"].get("deletionTimestamp")]
        holders = [Holder(Ref.of(one), tuple(one["metadata"].get("finalizers") or ())) for one in going]
        while len(holders) > 1 and not holders[0].foreign:  # it waits for those below it, and only they say why
            holders.pop(0)
        holders.sort(key=lambda holder: (not holder.foreign, holder.ref))
        return Departure(ref, tuple(holders), _conditions(obj))
    except ThinkubeError as error:
        return Departure(ref, words=f"{error.wanted}: {error.seen}")


def _below(api: Api, obj: KubernetesObject) -> Iterable[KubernetesObject]:
    """What has to go before an object can: what a namespace holds, a definition's instances, what an owner owns."""
    ref, finalizers = Ref.of(obj), obj["metadata"].get("finalizers") or ()
    if ref.kind == "Namespace":
        return everything_in(api, ref.name)
    if ref.kind == "CustomResourceDefinition":
        names = obj["spec"]["names"]
        return api.list(f"{names['kind']}.{obj['spec']['group']}")
    if "foregroundDeletion" in finalizers and ref.namespace:
        return _owned(everything_in(api, ref.namespace), obj["metadata"].get("uid"))
    return ()


def _owned(found: Sequence[KubernetesObject], uid: str | None) -> list[KubernetesObject]:
    """Those that an object owns, and what those own."""
    mine = [one for one in found if any(owner.get("uid") == uid for owner in one["metadata"].get("ownerReferences") or ())]
    return [*mine, *(below for one in mine for below in _owned(found, one["metadata"].get("uid")))]


def _conditions(namespace: KubernetesObject) -> str:
    """What the namespace controller says that is left: ``Some content in the namespace has finalizers remaining: x in 1 resource …``."""
    rows: Iterable[Mapping[str, Any]] = (namespace.get("status") or {}).get("conditions") or ()
    return "; ".join(str(row.get("message")) for row in rows if row.get("status") == "True" and row.get("message"))


def _cause(departure: Departure) -> str:
    foreign = sorted({name for holder in departure.holders for name in holder.foreign})
    asked = f"who put the finalizer {', '.join(foreign)} there has to take it off" if foreign else ""
    return "; ".join(filter(None, (departure.words, asked)))


def _next(departure: Departure) -> str:
    holder = next((one for one in departure.holders if one.foreign), None)
    if holder is None:
        return f"kubectl describe {departure.ref.kubectl}"
    kept = [name for name in holder.finalizers if name not in holder.foreign]
    patch = '{"metadata":{"finalizers":' + (str(kept).replace("'", '"') if kept else "null") + "}}"
    return (
        f"kubectl get {holder.ref.kubectl} -o yaml\n"
        f"kubectl patch {holder.ref.kubectl} --type=merge -p '{patch}'  # where whoever put it there is gone for good"
    )
