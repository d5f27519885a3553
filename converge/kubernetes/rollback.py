"""What a rollback takes of an owner's objects, and what stays, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from converge.kubernetes.applyset import Seen, set_id
from converge.kubernetes.changes import Action, Change, changes
from converge.kubernetes.client import Api
from converge.kubernetes.deletion import wait_until_gone
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.objects import KubernetesObject, Ref, labels_of
from converge.kubernetes.retention import CLUSTERS, GENERATED, contents, held
from converge.kubernetes.stages import Stage

_VOLUMES = frozenset({"PersistentVolumeClaim", "PersistentVolume"})
_STAYING = _VOLUMES | {"Namespace", "CustomResourceDefinition"}


def rollback_changes(api: Api, owner: str, *, purge: bool) -> list[Change]:
    """Everything of an owner's, in the order of its removal: PRUNE or, with the reason, KEEP. Reads only.

    Beside the members of its ApplySet these are its generated Secrets and the volumes that its StatefulSets claimed.
    """
    found = changes(api, owner, [], purge=purge, look_inside=False)  # _emptied looks, once it is known what goes
    known = {change.ref for change in found}
    live = [change.live for change in found if change.live]
    data = [*generated(api, owner), *claims(api, owner, live)]
    found += [_data(obj, purge=purge) for obj in data if Ref.of(obj) not in known and not obj["metadata"].get("deletionTimestamp")]
    going = {change.ref for change in found if change.action is Action.PRUNE}
    return list(_together(change if change.ref.kind != "Namespace" else _emptied(api, owner, change, going, purge) for change in found))


def exists(api: Api, owner: str) -> bool:
    """Whether there is more of an owner's than what a rollback leaves: data, what holds it, and kinds that others use."""
    seen = Seen(api, owner)
    members = seen.members(owner, [(kind, "") for kind in seen.parent(owner).kinds])
    return any(ref.kind not in _STAYING and GENERATED not in labels_of(obj) for ref, obj in members.items())


def is_data(change: Change) -> bool:
    """Whether data goes with an object: a volume, or values that were generated."""
    return change.ref.kind in _VOLUMES or GENERATED in labels_of(change.live or {})


def generated(api: Api, owner: str) -> list[KubernetesObject]:
    """The Secrets whose values were made for an owner, copies included."""
    return api.list("Secret", labels=f"{GENERATED},{COMPONENT}={owner}")


def claims(api: Api, owner: str, objects: Iterable[KubernetesObject]) -> list[KubernetesObject]:
    """The volume claims that the StatefulSets among an owner's objects made, and those that `mark` has marked as the owner's."""
    marked = {Ref.of(claim): claim for claim in api.list("PersistentVolumeClaim", labels=f"{COMPONENT}={owner}")}
    for obj in objects:
        if obj["kind"] == "StatefulSet" and obj["spec"].get("volumeClaimTemplates"):
            there = api.list("PersistentVolumeClaim", obj["metadata"]["namespace"])
            marked |= {Ref.of(claim): claim for claim in there if _is_claimed_by(claim, obj, owner)}
    return list(marked.values())


def mark(api: Api, owner: str, found: Sequence[Change]) -> None:
    """Write on volume claims whose they are, before the StatefulSets go that would tell."""
    for change in found:
        if change.ref.kind == "PersistentVolumeClaim" and COMPONENT not in labels_of(change.live or {}):
            api.patch(change.ref.kind, change.ref.name, change.ref.namespace, {"metadata": {"labels": {COMPONENT: owner}}})


def volumes(api: Api, found: Iterable[Change]) -> list[str]:
    """The names of the volumes behind claims that will be deleted with them."""
    names = [(change.live or {}).get("spec", {}).get("volumeName") for change in found if change.ref.kind == "PersistentVolumeClaim"]
    seen = [api.find("PersistentVolume", name) for name in names if name]
    return [volume["metadata"]["name"] for volume in seen if volume and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"]


def wait_for_volumes(api: Api, volume_names: Iterable[str], deadline_s: float) -> None:
    """Wait until whoever provides the volumes has deleted them: it may be the next to go."""
    for name in volume_names:
        wait_until_gone(api, Ref("PersistentVolume", name, "", "v1"), "", deadline_s)


def size_of(claim: KubernetesObject | None) -> str:
    """``10Gi``: what a volume claim was given, or asks for."""
    spec, status = (claim or {}).get("spec", {}), (claim or {}).get("status", {})
    found = (status.get("capacity") or {}).get("storage") or ((spec.get("resources") or {}).get("requests") or {}).get("storage", "")
    return str(found)


def _data(obj: KubernetesObject, *, purge: bool) -> Change:
    reason = "it holds data" if obj["kind"] == "PersistentVolumeClaim" else "its values were generated and exist nowhere else"
    return Change(Action.PRUNE if purge else Action.KEEP, Ref.of(obj), Stage.REMOVAL, reason="purged" if purge else reason, live=obj)


def _is_claimed_by(claim: KubernetesObject, stateful_set: KubernetesObject, owner: str) -> bool:
    """By name and labels, as the StatefulSet's controller gives them; a mark of another owner's counts for more."""
    spec, name = stateful_set["spec"], stateful_set["metadata"]["name"]
    templates = "|".join(re.escape(template["metadata"]["name"]) for template in spec["volumeClaimTemplates"])
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    marks = labels_of(claim)
    return (
        bool(re.fullmatch(rf"(?:{templates})-{re.escape(name)}-\d+", claim["metadata"]["name"]))
        and all(marks.get(key) == value for key, value in wanted.items())
        and marks.get(COMPONENT, owner) == owner
    )


def _emptied(api: Api, owner: str, change: Change, going: set[Ref], purge: bool) -> Change:
    """A Namespace goes when nothing is in it that stays."""
    if change.action is Action.KEEP and change.reason == CLUSTERS:
        return change
    left = [ref for ref in contents(api, change.ref.name, owner, set_id(owner), purge=purge) if ref not in going]
    reason = held(left)
    return replace(change, action=Action.KEEP if reason else Action.PRUNE, reason=reason or "nothing is left in it")


def _together(found: Iterable[Change]) -> Iterator[Change]:
    """Definitions of kinds stay together: objects of one kind may belong to objects of another."""
    listed = list(found)
    kept = next((one for one in listed if one.ref.kind == "CustomResourceDefinition" and one.action is Action.KEEP), None)
    for change in listed:
        if kept and change.ref.kind == "CustomResourceDefinition" and change.action is Action.PRUNE:
            yield replace(change, action=Action.KEEP, reason=f"{kept.ref.name} stays: {kept.reason}")
        else:
            yield change
