"""When an object serves, when it never will, and in which words: rules in the manner of kstatus, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from converge.kubernetes.objects import KubernetesObject, annotations_of
from converge.kubernetes.pods import pod_state


@dataclass(frozen=True)
class Readiness:
    """Whether an object serves (``is_ready``), or can no longer come to it by itself (``is_terminal``), and what it waits for."""

    is_ready: bool
    text: str
    is_terminal: bool = False


READY = Readiness(True, "ready")

ALWAYS_READY = frozenset(
    """ConfigMap Secret ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding NetworkPolicy PodDisruptionBudget StorageClass
    CSIDriver IngressClass PriorityClass ResourceQuota LimitRange MutatingWebhookConfiguration ValidatingWebhookConfiguration
    ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding HorizontalPodAutoscaler CronJob Ingress Lease Endpoints
    EndpointSlice""".split()  # noqa: SIM905 - one word a kind
)
"""Kinds that have no state to wait for."""

HAS_PODS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"})

_MUST_REPORT = {"Issuer": "Ready", "ClusterIssuer": "Ready", "Gateway": "Programmed", "GatewayClass": "Accepted"}
"""Custom kinds that count as ready only once their controller says so; others without conditions need no controller."""

_PERMANENT = (
    "exceeded quota",
    "denied the request",
    "violates PodSecurity",
    "is forbidden: maximum",
    "is forbidden: minimum",
    "must be less than or equal to",
)
"""Parts of "FailedCreate" messages that no waiting cures."""


def readiness(
    obj: KubernetesObject, pods: Sequence[KubernetesObject] = (), events: Iterable[KubernetesObject] = (), *, since: float = 0.0
) -> Readiness:
    """Judge an object by its status, its newest pods and recent warnings about it.

    What went wrong with a pod before ``since`` does not prove that it never will serve.
    """
    kind = obj["kind"]
    if kind in ALWAYS_READY:
        return READY
    if obj["metadata"].get("deletionTimestamp"):
        return Readiness(False, "being deleted")
    status = obj.get("status") or {}
    generation = obj["metadata"].get("generation")
    observed = status.get("observedGeneration")
    if kind in HAS_PODS | _SEEN_BY_CONTROLLER and isinstance(generation, int) and isinstance(observed, int) and observed < generation:
        return Readiness(False, "its controller has not seen the change yet")
    judged = _RULES.get(kind, _generic)(obj)
    if judged.is_ready or judged.is_terminal or kind not in HAS_PODS | {"PersistentVolumeClaim"}:
        return judged
    if kind in HAS_PODS and (judged := _by_pods(judged, pods, since)).is_terminal:
        return judged
    return by_events(judged, events)


def why_unready(node: KubernetesObject | None) -> str:
    """Why a node is not Ready, in its kubelet's words; "" where it is."""
    if node is None:
        return "absent: the API server knows no such node"
    state = readiness(node)
    return "" if state.is_ready else state.text


def _by_pods(judged: Readiness, pods: Sequence[KubernetesObject], since: float) -> Readiness:
    states = [(pod["metadata"]["name"], pod_state(pod, since=since)) for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    for name, state in states:
        if state.is_terminal:
            return Readiness(False, f"{judged.text}: pod {name}: {state.text}", is_terminal=True)
    waiting = [f"pod {name}: {state.text}" for name, state in states if not state.is_ready]
    return Readiness(False, f"{judged.text}: {waiting[0]}") if waiting else judged


def by_events(judged: Readiness, events: Iterable[KubernetesObject]) -> Readiness:
    """What warnings about an object add to its state: whether it is a state that nothing cures."""
    for event in events:
        reason, message = event.get("reason", ""), event.get("message", "")
        if reason == "FailedCreate" and is_permanent_refusal(message):
            return Readiness(False, f"{judged.text}: its pods are refused: {message}", is_terminal=True)
        if reason == "ProvisioningFailed" and ("not found" in message or (event.get("count") or 1) >= 3):
            return Readiness(False, f"{judged.text}: its volume cannot be made: {message}", is_terminal=True)
    return judged


def is_permanent_refusal(message: str) -> bool:
    """Whether pods are refused by a quota, a policy or a webhook's verdict, rather than by trouble that passes."""
    return any(part in message for part in _PERMANENT)


def condition(obj: KubernetesObject, kind: str) -> dict[str, Any]:
    """A condition of an object's status; empty where it has none of that type."""
    for entry in (obj.get("status") or {}).get("conditions") or ():
        if entry.get("type") == kind:
            found: dict[str, Any] = entry
            return found
    return {}


def _needs(obj: KubernetesObject, name: str) -> Readiness:
    entry = condition(obj, name)
    if entry.get("status") == "True" and entry.get("observedGeneration", obj["metadata"].get("generation")) == obj["metadata"].get(
        "generation"
    ):
        return READY
    words = ": ".join(filter(None, (entry.get("reason"), entry.get("message"))))
    return Readiness(False, f"not {name}" + (f" ({words})" if words else " yet"))


def has_failed_issuance(certificate: KubernetesObject) -> bool:
    """Whether cert-manager gave up on a Certificate, to try again after an hour or more."""
    issuing = condition(certificate, "Issuing")
    return issuing.get("status") == "False" and issuing.get("reason") in ("Failed", "Denied", "InvalidRequest")


def _certificate(obj: KubernetesObject) -> Readiness:
    judged = _needs(obj, "Ready")
    if judged.is_ready or not has_failed_issuance(obj):
        return judged
    return Readiness(False, f"its issuance failed: {condition(obj, 'Issuing').get('message', '')}", is_terminal=True)


def _deployment(obj: KubernetesObject) -> Readiness:
    status = obj.get("status") or {}
    wanted = obj["spec"].get("replicas", 1)
    progressing, failure = condition(obj, "Progressing"), condition(obj, "ReplicaFailure")
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    text = f"{min(updated, available)}/{wanted} ready"
    if "observedGeneration" not in status:
        return Readiness(False, "its controller has not seen it yet")
    if failure.get("status") == "True":
        message = failure.get("message", "")
        return Readiness(False, f"{text}: its pods are refused: {message}", is_terminal=is_permanent_refusal(message))
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Readiness(False, f"{text}: {progressing.get('message') or 'no progress within its deadline'}", is_terminal=True)
    if updated < wanted or available < wanted:
        return Readiness(False, text)
    if status.get("replicas", 0) > updated:
        return Readiness(False, f"{text}, {status['replicas'] - updated} old to go")
    return READY


def _replica_set(obj: KubernetesObject) -> Readiness:
    status = obj.get("status") or {}
    wanted = obj["spec"].get("replicas", 1)
    available = status.get("availableReplicas", 0)
    return READY if available >= wanted and "observedGeneration" in status else Readiness(False, f"{available}/{wanted} ready")


def _stateful_set(obj: KubernetesObject) -> Readiness:
    status = obj.get("status") or {}
    spec = obj["spec"]
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    if "observedGeneration" not in status:
        return Readiness(False, "its controller has not seen it yet")
    if ready < wanted:
        return Readiness(False, f"{ready}/{wanted} ready")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") != "OnDelete":
        due = wanted - ((strategy.get("rollingUpdate") or {}).get("partition") or 0)
        updated = wanted if status.get("currentRevision") == status.get("updateRevision") else status.get("updatedReplicas", 0)
        if updated < due:
            return Readiness(False, f"{updated}/{due} updated")
    return READY if status.get("replicas", 0) <= wanted else Readiness(False, f"{status['replicas'] - wanted} pods to go")


def _daemon_set(obj: KubernetesObject) -> Readiness:
    status = obj.get("status") or {}
    if "observedGeneration" not in status:
        return Readiness(False, "its controller has not seen it yet")
    wanted = status.get("desiredNumberScheduled", 0)
    on_delete = (obj["spec"].get("updateStrategy") or {}).get("type") == "OnDelete"
    updated = wanted if on_delete else status.get("updatedNumberScheduled", 0)
    ready = min(updated, status.get("numberAvailable", 0))
    return READY if ready >= wanted else Readiness(False, f"{ready}/{wanted} ready")


def _job(obj: KubernetesObject) -> Readiness:
    status = obj.get("status") or {}
    if condition(obj, "Complete").get("status") == "True":
        return READY
    failed = condition(obj, "Failed")
    if failed.get("status") == "True":
        return Readiness(False, f"failed: {failed.get('reason', '')}: {failed.get('message', '')}", is_terminal=True)
    if obj["spec"].get("suspend"):
        return Readiness(False, "suspended")
    return Readiness(False, f"{status.get('succeeded', 0)}/{obj['spec'].get('completions', 1)} done")


def _claim(obj: KubernetesObject) -> Readiness:
    status = obj.get("status") or {}
    phase = status.get("phase", "Pending")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return Readiness(False, "its volume is lost", is_terminal=True)
    notes = annotations_of(obj)
    is_being_made = any(name.endswith(("/storage-provisioner", "/selected-node")) for name in notes)
    if phase == "Pending" and "status" in obj and obj["spec"].get("storageClassName") and not is_being_made:
        return Readiness(True, "waits for its first consumer")  # whoever needs it is not ready before it is bound
    return Readiness(False, phase.lower())


def _pod(obj: KubernetesObject) -> Readiness:
    state = pod_state(obj)
    return Readiness(state.is_ready, state.text, state.is_terminal)


def _definition(obj: KubernetesObject) -> Readiness:
    names = condition(obj, "NamesAccepted")
    if names.get("status") == "False":
        return Readiness(False, f"its names are taken: {names.get('message', '')}", is_terminal=True)
    return READY if condition(obj, "Established").get("status") == "True" else Readiness(False, "not Established yet")


def _api_service(obj: KubernetesObject) -> Readiness:
    return _needs(obj, "Available")


def _service(obj: KubernetesObject) -> Readiness:
    status = obj.get("status") or {}
    spec = obj["spec"]
    has_address = (status.get("loadBalancer") or {}).get("ingress") or spec.get("externalIPs")
    if spec.get("type") == "LoadBalancer" and not has_address:
        return Readiness(False, "no address yet")
    return READY


def _phase(*good: str) -> Callable[[KubernetesObject], Readiness]:
    def judge(obj: KubernetesObject) -> Readiness:
        phase = (obj.get("status") or {}).get("phase", "")
        return READY if phase in good else Readiness(False, (phase or "no phase yet").lower(), is_terminal=phase == "Failed")

    return judge


def _node(obj: KubernetesObject) -> Readiness:
    entry = condition(obj, "Ready")
    return READY if entry.get("status") == "True" else Readiness(False, f"not Ready ({entry.get('message') or 'no word from its kubelet'})")


def _generic(obj: KubernetesObject) -> Readiness:
    """Any other kind: what its conditions say, in the usual words."""
    status = obj.get("status") or {}
    observed, generation = status.get("observedGeneration"), obj["metadata"].get("generation")
    if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
        return Readiness(False, "its controller has not seen the change yet")
    required = _MUST_REPORT.get(obj["kind"])
    if required:
        return _needs(obj, required)
    stalled = condition(obj, "Stalled")
    if stalled.get("status") == "True":
        return Readiness(False, f"stalled: {stalled.get('message', '')}", is_terminal=True)
    if condition(obj, "Reconciling").get("status") == "True":
        return Readiness(False, f"reconciling: {condition(obj, 'Reconciling').get('message', '')}")
    for name in ("Ready", "Available"):
        if condition(obj, name):
            return _needs(obj, name)
    return READY


_SEEN_BY_CONTROLLER = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})

_RULES: dict[str, Callable[[KubernetesObject], Readiness]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Pod": _pod,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _phase("Available", "Bound"),
    "Namespace": _phase("Active"),
    "Service": _service,
    "Node": _node,
    "CustomResourceDefinition": _definition,
    "APIService": _api_service,
    "Certificate": _certificate,
}
