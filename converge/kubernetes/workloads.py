"""Workloads: what of them is in the cluster, their containers and pods, and losing those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from converge.errors import NotReady
from converge.kubernetes.objects import KubernetesObject, Ref

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

LASTING = ("Deployment", "StatefulSet", "DaemonSet")
KINDS = (*LASTING, "Job", "CronJob")

Pod = dict[str, Any]
Container = dict[str, Any]


def live(api: Api, objects: Iterable[KubernetesObject], kinds: Sequence[str] = KINDS) -> list[KubernetesObject]:
    """The workloads among a component's objects, as they are in the cluster.

    Raises:
        NotReady: one is not there.
    """
    found = []
    for ref in (Ref.of(item) for item in objects if item["kind"] in kinds):
        seen = api.find(ref.kind, ref.name, ref.namespace)
        if seen is None:
            raise NotReady(f"{ref}", seen="absent", next_command="pytest features/ --plan")
        found.append(seen)
    return found


def containers(workloads: Iterable[KubernetesObject], *, initial: bool = False) -> Iterator[tuple[str, Container]]:
    """Every container of workloads (``initial``: init containers too), with where it stands: ``"Deployment ingress/traefik, traefik"``."""
    for workload in workloads:
        spec = pod_spec(workload)
        for container in spec["containers"] + (spec.get("initContainers", []) if initial else []):
            yield f"{Ref.of(workload)}, {container['name']}", container


def pod_spec(workload: KubernetesObject) -> dict[str, Any]:
    """The template of its pods, wherever its kind keeps that; of a pod its own."""
    if workload["kind"] == "Pod":
        return dict(workload["spec"])
    spec = workload["spec"]["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else workload["spec"]
    pod: dict[str, Any] = spec["template"]["spec"]
    return pod


def pods(api: Api, workloads: Iterable[KubernetesObject]) -> list[Pod]:
    """The pods that belong to workloads which run for ever."""
    found: list[Pod] = []
    for workload in workloads:
        if workload["kind"] in LASTING:
            labels = workload["spec"]["selector"]["matchLabels"]
            selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
            found += api.list("Pod", workload["metadata"]["namespace"], labels=selector)
    return found


def lose_pods(api: Api, workloads: Iterable[KubernetesObject], deadline_s: float) -> None:
    """Lose every pod of workloads, as when programs are killed, and wait until each is gone (its successor may be there already)."""
    doomed = pods(api, workloads)
    for pod in doomed:
        api.delete("Pod", pod["metadata"]["name"], pod["metadata"]["namespace"], uid=pod["metadata"]["uid"], grace_s=1)
    for pod in doomed:
        wait_until_lost(api, pod, deadline_s)


def wait_until_lost(api: Api, pod: Pod, deadline_s: float) -> None:
    """Wait until a pod is gone; a StatefulSet's next one has the same name.

    Raises:
        NotReady: it is still there at the deadline.
    """
    from converge.kubernetes.wait import wait_until

    uid = pod["metadata"]["uid"]
    wait_until(api, Ref.of(pod), lambda seen: seen is None or seen["metadata"]["uid"] != uid, deadline_s, wanted="gone")
