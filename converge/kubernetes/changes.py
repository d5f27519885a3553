"""What a component's objects would have to change: found by reading, confirmed by dry runs, written by `apply`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from converge.errors import Refused
from converge.kubernetes.applyset import THREADS, Seen, set_id
from converge.kubernetes.client import Api
from converge.kubernetes.desired import COMPONENT, PART_OF, Desired, desired
from converge.kubernetes.difference import Difference, Mismatch, changed, described, mismatches
from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.fields import owned, owners, writers
from converge.kubernetes.objects import KubernetesObject, Ref, annotations_of, labels_of
from converge.kubernetes.retention import is_immutable, reason_not_to_recreate, reason_to_keep
from converge.kubernetes.stages import Stage, defined_kinds, order_of, stage_of

T = TypeVar("T")
U = TypeVar("U")


class Action(StrEnum):
    """What is to be done with one object."""

    CREATE = "create"
    CHANGE = "change"
    RECREATE = "recreate"
    PRUNE = "prune"
    KEEP = "keep"
    """No longer wanted, but it holds data: it stays, and that is said."""
    CONFLICT = "conflict"
    """Somebody else owns it or a field of it, or it cannot be changed without losing data: nothing is written."""


@dataclass(frozen=True)
class Change:
    """One object that is not as wanted, with all that a plan, a drift report or a writer needs to know.

    ``differences`` tell the fields (none for create and prune), ``reason`` why in words. ``live`` is what was there.
    """

    action: Action
    ref: Ref
    stage: Stage
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    wanted: KubernetesObject | None = field(default=None, repr=False)
    live: KubernetesObject | None = field(default=None, repr=False)
    force: bool = False
    is_shared: bool = False

    @property
    def is_write(self) -> bool:
        """Whether applying it writes."""
        return self.action not in (Action.KEEP, Action.CONFLICT)

    @property
    def is_drift(self) -> bool:
        """Whether the cluster is not as wanted; what is merely kept is no drift."""
        return self.action is not Action.KEEP

    def __str__(self) -> str:
        text = f"{self.action} {self.ref}" + (f": {self.reason}" if self.reason else "")
        rows = [str(one).removeprefix(f"{self.ref}: ") for one in self.differences]
        return text + (": " if rows and not self.reason else "; " if rows else "") + "; ".join(rows)


def changes(
    api: Api, owner: str, objects: Sequence[KubernetesObject], *, seen: Seen | None = None, purge: bool = False, look_inside: bool = True
) -> list[Change]:
    """What would have to be done so that an owner's objects are these and no others; [] where nothing. Writes nothing.

    Tier one reads: one list a kind, compared here. Tier two asks the server by a dry run about those that differ.
    ``objects`` are all of the owner's: what is missing among them is pruned. A ``seen`` without owner serves many components
    with the same lists. Without ``look_inside`` a Namespace goes whatever it holds: for callers who know better what stays in it.

    Raises:
        Refused: an object is malformed, named twice, or refused by the server in a dry run.
    """
    part_of = set_id(owner)
    seen = seen or Seen(api, owner)
    own_kinds = defined_kinds(objects)
    with ThreadPoolExecutor(THREADS) as pool:
        namespaced = dict(
            _each(
                pool,
                lambda kind: (kind, _is_namespaced(api, *kind)),
                {(str(obj.get("kind")), str(obj.get("apiVersion"))) for obj in objects},
            )
        )
        wanted = [
            desired(obj, owner=owner, part_of=part_of, namespaced=namespaced[str(obj.get("kind")), str(obj.get("apiVersion"))])
            for obj in objects
        ]
        _refuse_twice(owner, wanted)
        kinds = {(item.ref.kind, item.ref.api_version) for item in wanted if not item.is_shared}
        listed = {item.ref.group_kind for item in wanted if not item.is_shared}
        members = seen.members(owner, [*kinds, *((kind, "") for kind in seen.parent(owner).kinds - listed)])

        def judge(item: Desired) -> Change | None:
            live = members.get(item.ref)
            if live is None and namespaced[item.ref.kind, item.ref.api_version] is not None:
                live = api.find(item.ref.kind, item.ref.name, item.ref.namespace, api_version=item.ref.api_version)
            return _judge(api, item, live, stage_of(item.ref, own_kinds), part_of)

        names = {item.ref for item in wanted}
        gone = [obj for ref, obj in members.items() if ref not in names]
        found = [change for change in _each(pool, judge, wanted) if change]
        found += [change for change in _each(pool, lambda obj: _removal(api, obj, owner, part_of, purge, look_inside), gone) if change]
    return sorted(found, key=lambda change: (order_of(change.ref, change.stage), change.ref))


def refuse_conflicts(found: Iterable[Change]) -> None:
    """Stop before anything is written where somebody else's objects or fields are in the way.

    Raises:
        Refused: naming every conflict, its manager and both values.
    """
    conflicts = [change for change in found if change.action is Action.CONFLICT]
    if conflicts:
        raise Refused(
            "to change only what is ours",
            seen="\n".join(str(change).removeprefix("conflict ") for change in conflicts),
            cause="another manager owns it, or changing it would lose data",
            next_command=f"kubectl get {conflicts[0].ref.kubectl} -o yaml --show-managed-fields",
        )


def _judge(api: Api, item: Desired, live: KubernetesObject | None, stage: Stage, part_of: str) -> Change | None:
    def change(action: Action, reason: str = "", found: Sequence[Mismatch] = (), *, force: bool = False) -> Change:
        wanted = item.against(live)
        return Change(
            action, item.ref, stage, described(item.ref, live, list(found)), reason, wanted, live, force or item.is_shared, item.is_shared
        )

    if live is None:
        return change(Action.CREATE)
    if not item.is_shared and (whose := _foreign(live, part_of)):
        return change(Action.CONFLICT, f"it exists and {whose}")
    if live["metadata"].get("deletionTimestamp"):
        return change(Action.RECREATE, "it is being deleted")
    wanted = item.against(live)
    found = mismatches(wanted, live)
    if not found:
        return None
    rivals = {mismatch.path: [owner for owner in owners(live, mismatch.path) if not owner.is_edit and owner.manager] for mismatch in found}
    force = item.is_shared or all(item.claims(path) or not others for path, others in rivals.items())
    force = force and any(owners(live, mismatch.path) for mismatch in found)
    try:
        after = api.apply(wanted, dry_run=True, force=force)
    except ApiRefused as refused:
        if refused.code == 409 and refused.causes:
            disputed = [mismatch for mismatch in found if rivals[mismatch.path] and not item.claims(mismatch.path)] or found
            return change(Action.CONFLICT, "; ".join(sorted({f"{text}: {path}" for path, text in refused.causes})), disputed)
        if not is_immutable(refused):
            raise
        obstacle = reason_not_to_recreate(live, refused) or ("it is not ours" if item.is_shared else "")
        if obstacle:
            return change(Action.CONFLICT, f"a field of it cannot change in place, and it is not recreated: {obstacle}", found)
        return change(Action.RECREATE, _immutable_reason(refused), found)
    confirmed = changed(live, after)
    if not confirmed and not any(mismatch.path == ("apiVersion",) for mismatch in found):
        return None
    return change(Action.CHANGE, "", confirmed or found, force=force)


def _removal(api: Api, obj: KubernetesObject, owner: str, part_of: str, purge: bool, look_inside: bool) -> Change | None:
    metadata = obj["metadata"]
    if metadata.get("deletionTimestamp") or any(reference.get("controller") for reference in metadata.get("ownerReferences") or ()):
        return None
    reason = reason_to_keep(api, obj, owner, part_of, purge=purge, look_inside=look_inside)
    return Change(Action.KEEP if reason else Action.PRUNE, Ref.of(obj), Stage.REMOVAL, reason=reason or "no longer wanted", live=obj)


def _foreign(live: KubernetesObject, part_of: str) -> str:
    """Whose an object is that is not ours, in words; "" where it is ours.

    Without the label but with fields of our apply it is ours all the same: somebody took the label off.
    """
    marks = labels_of(live)
    mark = marks.get(PART_OF)
    if mark == part_of or (mark is None and owned(live)[0]):
        return ""
    if mark:
        return f"belongs to component {marks[COMPONENT]}" if COMPONENT in marks else f"belongs to the ApplySet {mark}"
    if release := annotations_of(live).get("meta.helm.sh/release-name"):
        return f"belongs to the Helm release {release}"
    makers = ", ".join(writers(live)) or "somebody else"
    return f"was made by {makers}" + (
        f" (managed by {marks['app.kubernetes.io/managed-by']})" if "app.kubernetes.io/managed-by" in marks else ""
    )


def _immutable_reason(refused: ApiRefused) -> str:
    fields = ", ".join(sorted({path for path, _ in refused.causes if path}))
    return f"{fields or 'a field'} cannot change in place"


def _is_namespaced(api: Api, kind: str, api_version: str) -> bool | None:
    try:
        return api.resource(kind, api_version).namespaced
    except UnknownKind:
        return None


def _refuse_twice(owner: str, wanted: Sequence[Desired]) -> None:
    twice = [str(ref) for ref, number in Counter(item.ref for item in wanted).items() if number > 1]
    if twice:
        raise Refused(f"each object of {owner} once", seen=", ".join(sorted(twice)) + " more than once", next_command="make unit")


def _each(pool: ThreadPoolExecutor, work: Callable[[T], U], items: Iterable[T]) -> list[U]:
    return list(pool.map(work, items))
