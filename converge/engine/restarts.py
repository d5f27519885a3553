"""Workloads follow what they took at their start: those that run with earlier values of a Secret, or on data that is lost, are restarted.

Looked at as it is, not as it came about: it does not matter who changed a Secret, or which run was killed before it restarted anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from converge.components.component import Component
from converge.components.terms import Access, Context, KubernetesObject
from converge.kubernetes import secrets
from converge.kubernetes.client import Api
from converge.kubernetes.objects import Ref, annotations_of, labels_of
from converge.kubernetes.retention import GENERATED
from converge.kubernetes.workloads import LASTING

LOST = "thinkube.dev/lost"
"""The annotation of a pods' template that says which loss of data they have followed."""

_CONTROLLERS = ("ReplicaSet", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class Restart:
    """A workload to be restarted and the ``reason``; ``annotation`` on its pods' template says what they have taken, ``value`` of it."""

    workload: Ref
    reason: str
    annotation: str
    value: str


def restarts_for_secrets(api: Api, component: Component, context: Context, access: Access) -> list[Restart]:
    """The workloads that have to be restarted for this component's Secrets, whose ever they are. Reads only."""
    kept = {(one.secret.namespace, one.secret.name) for one in component.credentials(context, access) if not one.needs_restart}
    wanted = [one for one in component.secrets() if (one.namespace, one.name) not in kept]
    places: dict[str, set[str]] = {}
    for secret in wanted:
        for namespace in (secret.namespace, *secret.copies):
            places.setdefault(namespace, set()).add(secret.name)
    return [one for namespace, names in places.items() for one in _for_secrets(api, namespace, names)]


def restarts_for_lost_data(api: Api, objects: Iterable[KubernetesObject], lost: Iterable[str]) -> list[Restart]:
    """The workloads among a component's objects, where data that others held for it was made anew: their pods may go on as with the old."""
    workloads = [Ref.of(obj) for obj in objects if obj["kind"] in LASTING]
    reason = f"data lost: {'; '.join(lost)}"
    return [Restart(ref, reason, LOST, reason) for ref in workloads if api.find(ref.kind, ref.name, ref.namespace)]


def restart(api: Api, found: Iterable[Restart]) -> list[KubernetesObject]:
    """Let new pods take the place of those that have to follow; returns the workloads."""
    return [_restart(api, one.workload, {one.annotation: one.value}) for one in found]


def _restart(api: Api, ref: Ref, annotations: dict[str, str]) -> KubernetesObject:
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    return api.patch(ref.kind, ref.name, ref.namespace, patch)


def _for_secrets(api: Api, namespace: str, names: set[str]) -> list[Restart]:
    found = {obj["metadata"]["name"]: obj for obj in api.list("Secret", namespace, labels=GENERATED)}
    since = {name: secrets.written_at(found[name]) for name in sorted(names) if name in found}
    pods = [pod for pod in api.list("Pod", namespace) if _is_of_a_workload(pod)] if since else []
    stale = {
        name: [labels_of(pod) for pod in pods if name in secrets.named(pod["spec"]) and pod["metadata"]["creationTimestamp"] < written]
        for name, written in since.items()
    }
    if not any(stale.values()):
        return []
    return [
        Restart(Ref.of(obj), f"its pods run with an earlier value of Secret {namespace}/{name}", secrets.taken(name), since[name])
        for obj, used in secrets.users(api)
        for name, labels in stale.items()
        if obj["metadata"]["namespace"] == namespace and name in used and any(_selects(obj, one) for one in labels)
        # Its pods may still be on their way.
        if annotations_of(obj["spec"]["template"]).get(secrets.taken(name)) != since[name]
    ]


def _is_of_a_workload(pod: KubernetesObject) -> bool:
    """A Job's pod runs to its end with what it has; one that is being deleted is on its way out already."""
    owners = pod["metadata"].get("ownerReferences") or ()
    return not pod["metadata"].get("deletionTimestamp") and any(owner["kind"] in _CONTROLLERS for owner in owners)


def _selects(workload: KubernetesObject, labels: dict[str, str]) -> bool:
    wanted: dict[str, str] = workload["spec"]["selector"].get("matchLabels") or {}
    return wanted.items() <= labels.items()
