"""Pods that wait for another attempt although what was wrong is repaired: their controllers make them anew, at once.

A kubelet waits up to five minutes between the runs of a container that crashed, and a StatefulSet does not replace a pod that never
was ready, whatever its template says meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable

from converge.kubernetes.client import Api
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.pods import is_stuck, pod_state, pods_of, selects
from converge.kubernetes.ready import HAS_PODS

REMADE_BY = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet"})
"""Controllers that make a pod anew for nothing; a Job counts it as a failure."""

LONGEST = 120
"""Characters of a pod's state in the words of a change."""


def replace_stuck(api: Api, pods: Iterable[KubernetesObject], repaired_at: float) -> list[str]:
    """Delete those pods of a controller whose containers wait because of what went wrong before ``repaired_at``.

    Returns what was done: ``["replace Pod keycloak/keycloak-0: container keycloak crashed 5 times: exit status 1, before the repair"]``.
    """
    done = []
    for pod in pods:
        metadata = pod["metadata"]
        if metadata.get("deletionTimestamp") or not _is_remade(pod) or not is_stuck(pod, repaired_at):
            continue
        try:
            was_there = api.delete("Pod", metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except ApiRefused as refused:
            if refused.code != 409:  # another pod by now
                raise
            continue
        if was_there:
            done.append(f"replace Pod {metadata['namespace']}/{metadata['name']}: {pod_state(pod).text[:LONGEST]}, before the repair")
    return done


def pods_behind(api: Api, objects: Iterable[KubernetesObject]) -> list[KubernetesObject]:
    """The pods of those workloads among some objects that are not ready; of a StatefulSet those of every revision."""
    found: dict[str, KubernetesObject] = {}
    for ref in (Ref.of(obj) for obj in objects if obj["kind"] in HAS_PODS):
        live = api.find(ref.kind, ref.name, ref.namespace, api_version=ref.api_version)
        if live is None:
            continue
        pods = api.list("Pod", ref.namespace)
        sets = api.list("ReplicaSet", ref.namespace) if ref.kind == "Deployment" else []
        mine = [pod for pod in pods if selects(live["spec"].get("selector") or {}, pod["metadata"].get("labels") or {})]
        for pod in mine if ref.kind == "StatefulSet" else pods_of(live, pods, sets):
            found[pod["metadata"]["uid"]] = pod
    return list(found.values())


def _is_remade(pod: KubernetesObject) -> bool:
    return any(owner.get("controller") and owner.get("kind") in REMADE_BY for owner in pod["metadata"].get("ownerReferences") or ())
