"""What of a running cluster is not as a start leaves it: members, kubeadm's own objects, the system's pods; read, never written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from converge.kubernetes.client import Api
from converge.kubernetes.difference import Difference
from converge.kubernetes.objects import KubernetesObject, Ref, labels_of
from converge.kubernetes.pods import pod_state
from converge.kubernetes.ready import why_unready
from converge.nodes.kubeadm import expiry
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.phases import PHASES, addon_objects, is_marked
from converge.nodes.kubeadm.plan import Member, Plan

LOOKS_AT_ONCE = 8
SYSTEM = "kube-system"


@dataclass(frozen=True)
class Inspection:
    """One look at a cluster that runs; ``differences`` is empty where a start would have nothing to do."""

    plan: Plan
    machines: Mapping[str, Machine]
    api: Api

    def differences(self) -> list[Difference]:
        """Everything that a start mends, but for nodes that are absent or not Ready: see ``unready``."""
        looks: tuple[Callable[[], Iterable[Difference]], ...] = (self._members, self._objects, self._pods, self._certificates)
        with ThreadPoolExecutor(len(looks), thread_name_prefix="inspect") as pool:
            return [one for found in pool.map(lambda look: list(look()), looks) for one in found]

    def unready(self) -> dict[str, str]:
        """Which nodes are absent or not Ready, and why: ``{"local-worker-1": "the API server knows no such node"}``."""
        nodes = self._nodes()
        return {node.name: reason for node in self.plan.nodes if (reason := why_unready(nodes.get(node.name)))}

    @property
    def _reached(self) -> list[Member]:
        """The nodes that can be looked at: what is said of others is for `unready`."""
        return [node for node in self.plan.nodes if node.name in self.machines]

    def _nodes(self) -> dict[str, KubernetesObject]:
        return {node["metadata"]["name"]: node for node in self.api.list("Node")}

    def _members(self) -> Iterable[Difference]:
        nodes = self._nodes()
        for node in self._reached:
            seen = nodes.get(node.name)
            if seen is None:
                continue
            if node.is_control and not is_marked(self.plan, seen):
                yield Difference(f"node {node.name}", "label and taint of the control plane", wanted="present", seen="absent")
            if not (seen.get("spec") or {}).get("podCIDR"):
                yield Difference(f"node {node.name}", "spec.podCIDR", wanted=str(node.pods), seen=None)

    def _objects(self) -> Iterable[Difference]:
        refs = [ref for found in PHASES.values() for ref in found] + addon_objects(self.plan)
        for ref in absent(self.api, refs):
            yield Difference(str(ref), "", wanted="present", seen="absent")

    def _pods(self) -> Iterable[Difference]:
        for name, (seen, _) in system_pods(self._reached, self.api.list("Pod", SYSTEM), serves).items():
            yield Difference(name, "state", wanted="ready", seen=seen)

    def _certificates(self) -> Iterable[Difference]:
        if due := sorted(expiry.due(self.plan, self.machines), key=lambda one: one.ends):
            names = due[0].name + (f" and {len(due) - 1} more" if len(due) > 1 else "")
            seen = f"{names} until {due[0].ends:%Y-%m-%d %H:%M} UTC"
            yield Difference("certificates", "life left", wanted="more than a third", seen=seen)


def absent(api: Api, refs: Iterable[Ref]) -> list[Ref]:
    """Those of some objects that are not there: one list for all of a kind in a namespace."""
    chosen = list(refs)
    lists = sorted({(ref.kind, ref.namespace, ref.api_version) for ref in chosen})
    with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="list") as pool:
        found = pool.map(lambda one: api.list(one[0], one[1], api_version=one[2]), lists)
        there = {(*one, obj["metadata"]["name"]) for one, objects in zip(lists, found, strict=True) for obj in objects}
    return [ref for ref in chosen if (ref.kind, ref.namespace, ref.api_version, ref.name) not in there]


def system_pods(
    nodes: Iterable[Member], pods: Iterable[KubernetesObject], serves: Callable[[KubernetesObject], bool], since: float = 0.0
) -> dict[str, tuple[str, KubernetesObject | None]]:
    """What of the system does not serve, what it does and which pod that is: ``{"CoreDNS": ("container coredns crashed …", {…})}``.

    kube-proxy has to serve on every node, CoreDNS once. What went wrong before ``since`` counts for nothing.
    """
    alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    proxies = {pod["spec"].get("nodeName"): pod for pod in alive if labels_of(pod).get("k8s-app") == "kube-proxy"}
    resolvers = [pod for pod in alive if labels_of(pod).get("k8s-app") == "kube-dns"]
    late = {f"kube-proxy on {node.name}": proxies.get(node.name) for node in nodes if not _is_one(proxies.get(node.name), serves)}
    if not any(map(serves, resolvers)):
        late["CoreDNS"] = min(resolvers, key=lambda pod: not pod_state(pod, since=since).is_terminal, default=None)
    return {name: (_doing(pod, since), pod) for name, pod in late.items()}


def serves(pod: KubernetesObject) -> bool:
    """Whether a pod is ready."""
    return pod_state(pod).is_ready


def _is_one(pod: KubernetesObject | None, serves: Callable[[KubernetesObject], bool]) -> bool:
    return pod is not None and serves(pod)


def _doing(pod: KubernetesObject | None, since: float) -> str:
    if pod is None:
        return "there is no pod of it"
    state = pod_state(pod, since=since)
    return f"pod {pod['metadata']['name']}: " + ("not ready of this life yet" if state.is_ready else state.text)
