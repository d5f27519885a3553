"""What a pod is doing, in a sentence; and which pods are those of a workload's newest revision."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from converge.kubernetes.objects import KubernetesObject, annotations_of, labels_of

UNSCHEDULABLE_GRACE_S = 30.0
"""Nodes that just start carry taints for some seconds; after this, nobody will make room."""

RESTARTS = 3
"""A container that ends once more after so many restarts does not suffer from the order of starts any more."""

REBORN_GRACE_S = 60.0
"""On a node that starts again, pods may run before what they reach each other by: no crash until then proves anything."""

KUBELET_LOOKS_AGAIN_S = 45.0
"""A kubelet looks at a pod that it could not start every 10 s or so: what it says after this long is said of the present."""

_NEVER_PULLED = frozenset({"ErrImageNeverPull", "InvalidImageName", "ImagePullBackOff"})


_NEVER_STARTED = (
    ("CreateContainerConfigError", "runAsNonRoot"),
    ("RunContainerError", "executable file not found"),
    ("RunContainerError", "no such file or directory"),
    ("RunContainerError", "permission denied"),
)
"""Reasons and parts of their messages that lie in the image or the pod itself."""


@dataclass(frozen=True)
class PodState:
    """Whether a pod serves or did its work, whether it never will, what it does; ``container`` is the one to blame."""

    is_ready: bool
    text: str
    is_terminal: bool = False
    container: str = ""


def pod_state(pod: KubernetesObject, now: float | None = None, *, since: float = 0.0) -> PodState:
    """Judge one pod; what went wrong before ``since`` (seconds since 1970) does not prove that it never will serve.

    Its cause may have been removed then: an image was loaded, a file written, a node brought back.
    """
    status = pod.get("status") or {}
    phase = status.get("phase", "Pending")
    now = time.time() if now is None else now
    conditions = {entry["type"]: entry for entry in status.get("conditions") or ()}
    if phase == "Succeeded":
        return PodState(True, "finished")
    if phase == "Failed":
        worst = next((_ended(one) for one in containers(pod) if _exit_code(one)), "")
        return PodState(False, ": ".join(filter(None, ("failed", status.get("reason"), status.get("message"), worst))))
    scheduled = conditions.get("PodScheduled") or {}
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        lasts_s = now - max(_seconds(scheduled.get("lastTransitionTime")), since)
        return PodState(False, f"no node takes it: {scheduled.get('message', '')}", is_terminal=lasts_s > UNSCHEDULABLE_GRACE_S)
    if (conditions.get("Ready") or {}).get("status") == "True":
        return PodState(True, "ready")
    restarts_enough = math.inf if _is_reborn(pod, conditions, now) else RESTARTS
    was_made_before = _seconds(pod["metadata"].get("creationTimestamp")) < since
    is_old_news = was_made_before and now - since < KUBELET_LOOKS_AGAIN_S
    states = [_container_state(one, now, restarts_enough, since, is_old_news=is_old_news) for one in containers(pod)]
    for state in [*(state for state in states if state.is_terminal), *(state for state in states if not state.is_ready)]:
        return state
    return PodState(False, "scheduled, its containers are being made" if scheduled else "waiting for a node")


def _is_reborn(pod: KubernetesObject, conditions: Mapping[str, Any], now: float) -> bool:
    """Whether an old pod has just been given its network again, because its node started again."""
    condition = conditions.get("PodReadyToStartContainers")
    if condition is None:
        return False
    since, made = _seconds(condition.get("lastTransitionTime")), _seconds(pod["metadata"].get("creationTimestamp"))
    return now - since < REBORN_GRACE_S < since - made


def containers(pod: KubernetesObject) -> list[dict[str, Any]]:
    """The statuses of all containers, in the order in which they start."""
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def is_stuck(pod: KubernetesObject, since: float) -> bool:
    """Whether a container of a pod waits for another attempt only because of what went wrong before ``since``; that may take minutes."""
    if not pod_state(pod).is_terminal or not pod_state(pod).container:
        return False
    return not pod_state(pod, since=since).is_terminal


def _container_state(one: Mapping[str, Any], now: float, restarts_enough: float, since: float, *, is_old_news: bool) -> PodState:
    name = str(one.get("name", ""))
    state = one.get("state") or {}
    waiting, running, ended = state.get("waiting"), state.get("running"), state.get("terminated")
    restarts = one.get("restartCount") or 0
    if waiting is not None:
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        text = f"container {name}: {reason or 'waiting'}" + (f": {message}" if message else "")
        if reason == "CrashLoopBackOff":
            return _crashed(one, name, restarts, restarts_enough, since)
        if reason in _NEVER_PULLED or any(reason == known and part in message for known, part in _NEVER_STARTED):
            return PodState(False, text, is_terminal=not is_old_news, container=name)
        if reason in ("ContainerCreating", "PodInitializing"):
            text = f"container {name} is being made"
        return PodState(False, text, container=name)
    if ended is not None:
        if ended.get("exitCode") == 0:
            return PodState(True, "finished", container=name)
        return _crashed(one, name, restarts, restarts_enough, since)
    if running is not None and not one.get("ready"):
        since = max(0.0, now - _seconds(running.get("startedAt")))
        again = f", started {restarts + 1} times" if restarts else ""
        return PodState(False, f"container {name} is starting, {since:.0f} s{again}", container=name)
    return PodState(True, "ready", container=name)


def _crashed(one: Mapping[str, Any], name: str, restarts: int, enough: float, since: float) -> PodState:
    times = f"crashed {restarts + 1} times" if restarts else "ended"
    return PodState(
        False,
        f"container {name} {times}: {_ended(one)}",
        is_terminal=restarts >= enough and _last_run_began(one) >= since,
        container=name,
    )


def _last_run_began(one: Mapping[str, Any]) -> float:
    """When the run that crashed began; one whose program could not even be started has only an end."""
    ended = _last_end(one)
    began = _seconds(ended.get("startedAt"))
    return began if began > 0 else _seconds(ended.get("finishedAt"))


def _exit_code(one: Mapping[str, Any]) -> int:
    return int(_last_end(one).get("exitCode") or 0)


def _ended(one: Mapping[str, Any]) -> str:
    ended = _last_end(one)
    if not ended:
        return "no exit status known"
    reason = ended.get("reason", "")
    code = f"exit status {ended.get('exitCode')}"
    return f"{reason}, {code}" if reason and reason != "Error" else code


def _last_end(one: Mapping[str, Any]) -> dict[str, Any]:
    """How a container's last run ended; empty where none has."""
    for state in (one.get("state") or {}, one.get("lastState") or {}):
        if state.get("terminated"):
            ended: dict[str, Any] = state["terminated"]
            return ended
    return {}


def pods_of(
    workload: KubernetesObject, pods: Iterable[KubernetesObject], replica_sets: Iterable[KubernetesObject] = ()
) -> list[KubernetesObject]:
    """The pods of a workload's newest revision: those of older ones are on their way out and tell nothing."""
    namespace = workload["metadata"].get("namespace", "")
    if workload["kind"] == "Pod":
        return [workload]
    mine = [
        pod
        for pod in pods
        if pod["metadata"].get("namespace", "") == namespace and selects(workload["spec"].get("selector") or {}, labels_of(pod))
    ]
    status = workload.get("status") or {}
    match workload["kind"]:
        case "Deployment":
            revision = annotations_of(workload).get("deployment.kubernetes.io/revision")
            newest = {
                one["metadata"]["uid"]
                for one in replica_sets
                if annotations_of(one).get("deployment.kubernetes.io/revision") == revision
                and _owner_uid(one) == workload["metadata"].get("uid")
            }
            return [pod for pod in mine if _owner_uid(pod) in newest]
        case "StatefulSet":
            return [pod for pod in mine if labels_of(pod).get("controller-revision-hash") == status.get("updateRevision")]
        case "DaemonSet":
            generation = annotations_of(workload).get("deprecated.daemonset.template.generation")
            return [pod for pod in mine if labels_of(pod).get("pod-template-generation") == generation]
    return [pod for pod in mine if _owner_uid(pod) == workload["metadata"].get("uid")]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector (matchLabels and matchExpressions) selects labels; an empty one selects nothing here."""
    wanted, rules = selector.get("matchLabels") or {}, selector.get("matchExpressions") or ()
    if not wanted and not rules:
        return False
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(rule, labels) for rule in rules)


def _holds(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = rule["key"], rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
    return key not in labels


def _owner_uid(obj: KubernetesObject) -> str:
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return str(reference.get("uid", ""))
    return ""


def _seconds(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else time.time()
