"""What a person would look up about objects that do not serve: state, conditions, pods, events, last words; secrets redacted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from converge.errors import ThinkubeError
from converge.kubernetes.client import Api
from converge.kubernetes.cordon import cordons
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.pods import containers, pod_state, pods_of
from converge.redaction import redact

LOG_LINES = 30
_SCREEN_LINES = 24
_SCREEN_LOG_LINES = 8
_EVENTS = 5
_PODS = 3
_WIDTH = 200
_FRAME = re.compile(r"\s+(at \S|\.\.\. \d+ more)")
"""``at org.opensearch.bootstrap.Bootstrap.init(Bootstrap.java:404)``."""

_ERROR = re.compile(r"error|fail|denied|refused|invalid|exceeded", re.IGNORECASE)


@dataclass(frozen=True)
class Diagnosis:
    """``text`` fits one screen; ``data`` is everything, as JSON for the report: one entry an object. Both are redacted."""

    text: str
    data: list[dict[str, Any]] = field(repr=False)
    next_command: str = ""


def diagnose(api: Api, objects: Sequence[KubernetesObject | Ref]) -> Diagnosis:
    """Collect what is known of some objects; what cannot be read is said, never raised."""
    refs = [obj if isinstance(obj, Ref) else Ref.of(obj) for obj in objects]
    quick = api.view(patience_s=3, counts=api.counts)
    with ThreadPoolExecutor(8) as pool:
        data = [_redacted(entry) for entry in pool.map(lambda ref: _about(quick, ref), refs)]
    text = "\n".join(line[:_WIDTH] for line in _screen(data))
    return Diagnosis(text, data, _next_command(refs, data))


def _about(api: Api, ref: Ref) -> dict[str, Any]:
    entry: dict[str, Any] = {"object": str(ref), "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    try:
        obj = api.find(ref.kind, ref.name, ref.namespace, api_version=ref.api_version)
        if obj is None:
            return {**entry, "state": "absent"}
        entry["status"] = obj.get("status") or {}
        entry["conditions"] = [_condition(one) for one in entry["status"].get("conditions") or ()]
        pods = _pods(api, obj)
        entry["pods"] = [_pod(api, pod) for pod in _worst_first(pods)]
        if any(_is_turned_away(pod) for pod in pods):
            entry["cordoned"] = [{"node": one.node, "text": one.text, "next": one.next_command} for one in cordons(api)]
        names = {(ref.kind, ref.name), *(("Pod", pod["metadata"]["name"]) for pod in pods)}
        entry["events"] = _events(api, obj, names)
    except ThinkubeError as error:
        entry["trouble"] = f"{error.wanted}: {error.seen}"
    return entry


def _is_turned_away(pod: KubernetesObject) -> bool:
    """Whether the scheduler found no node for a pod and names cordoned ones: "1 node(s) were unschedulable"."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(
        one.get("type") == "PodScheduled" and one.get("status") == "False" and "were unschedulable" in one.get("message", "")
        for one in conditions
    )


def _pods(api: Api, obj: KubernetesObject) -> list[KubernetesObject]:
    if obj["kind"] == "Pod":
        return [obj]
    if "selector" not in (obj.get("spec") or {}) or obj["kind"] in ("Service", "PersistentVolumeClaim", "NetworkPolicy"):
        return []
    namespace = obj["metadata"].get("namespace", "")
    sets = api.list("ReplicaSet", namespace) if obj["kind"] == "Deployment" else []
    return pods_of(obj, api.list("Pod", namespace), sets)


def _worst_first(pods: Iterable[KubernetesObject]) -> list[KubernetesObject]:
    def badness(pod: KubernetesObject) -> tuple[bool, bool]:
        state = pod_state(pod)
        return state.is_ready, not state.is_terminal

    return sorted(pods, key=badness)


def _pod(api: Api, pod: KubernetesObject) -> dict[str, Any]:
    state = pod_state(pod)
    metadata = pod["metadata"]
    entry = {
        "name": metadata["name"],
        "node": (pod.get("spec") or {}).get("nodeName", ""),
        "state": state.text,
        "is_ready": state.is_ready,
        "logs": {},
    }
    for one in containers(pod):
        if not state.is_ready and _is_failing(one):
            name = one["name"]
            is_back = bool((one.get("state") or {}).get("waiting")) or not _spoke(api, metadata, name)
            lines = _logs(api, metadata, name, previous=bool(one.get("restartCount")) and is_back)
            if lines:
                entry["logs"][name] = lines
    return entry


def _is_failing(one: dict[str, Any]) -> bool:
    state = one.get("state") or {}
    ended = state.get("terminated") or {}
    return not one.get("ready") and not (ended and ended.get("exitCode") == 0)


def _spoke(api: Api, metadata: dict[str, Any], container: str) -> bool:
    return bool(_logs(api, metadata, container, previous=False))


def _logs(api: Api, metadata: dict[str, Any], container: str, *, previous: bool) -> list[str]:
    try:
        return api.logs(metadata["namespace"], metadata["name"], container, tail=LOG_LINES, previous=previous).splitlines()
    except ThinkubeError:
        return []  # not started yet, or its log is gone


def _events(api: Api, obj: KubernetesObject, names: set[tuple[str, str]]) -> list[dict[str, Any]]:
    metadata = obj["metadata"]
    found = []
    for event in api.list("Event", metadata.get("namespace", "") or "default"):
        about = event.get("involvedObject") or {}
        follows = str(about.get("name", "")).startswith(f"{metadata['name']}-") and about.get("kind") in (
            "ReplicaSet",
            "Pod",
            "Job",
            "PersistentVolumeClaim",
        )
        if (about.get("kind"), about.get("name")) in names or follows:
            time = (event.get("series") or {}).get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or ""
            found.append(
                {
                    "time": time,
                    "type": event.get("type", ""),
                    "object": f"{about.get('kind')} {about.get('name')}",
                    "reason": event.get("reason", ""),
                    "message": event.get("message", ""),
                    "count": event.get("count") or 1,
                }
            )
    return sorted(found, key=lambda one: str(one["time"]))


def _condition(one: dict[str, Any]) -> str:
    words = ": ".join(filter(None, (one.get("reason"), one.get("message"))))
    return f"{one.get('type')}={one.get('status')}" + (f" ({words})" if words else "")


def _screen(data: Sequence[dict[str, Any]]) -> list[str]:
    """The likely cause in one line, then what it is read from: bad conditions, failing pods with their last words, warnings."""
    budget = max(6, _SCREEN_LINES // max(1, len(data)))
    lines: list[str] = [likely] if (likely := _likely_cause(data)) else []
    for entry in data:
        mine = (
            [f"{entry['object']}: {entry.get('state') or entry.get('trouble') or 'there'}"] if len(data) > 1 or "pods" not in entry else []
        )
        mine += [
            f"condition {text}"
            for text in entry.get("conditions", ())
            if ("=False" in text or text.startswith("ReplicaFailure")) and "MinimumReplicasUnavailable" not in text
        ]
        for pod in [pod for pod in entry.get("pods", ()) if not pod["is_ready"]][:_PODS]:
            mine.append(f"pod {pod['name']}" + (f" on {pod['node']}" if pod["node"] else "") + f": {pod['state']}")
            for container, log in pod["logs"].items():
                mine += [f"  {container} | {line}" for line in _said(log)[-_SCREEN_LOG_LINES:]]
        warnings = [event for event in entry.get("events", ()) if event["type"] == "Warning"] or list(entry.get("events", ()))
        mine += [
            f"event {event['object']}: {event['reason']}: {event['message']}" + (f" (x{event['count']})" if event["count"] > 1 else "")
            for event in warnings[-_EVENTS:]
        ]
        lines += mine if len(mine) <= budget else [*mine[: budget - 1], f"… {len(mine) - budget + 1} more lines in the report"]
    return lines[:_SCREEN_LINES]


def _likely_cause(data: Sequence[dict[str, Any]]) -> str:
    """What the first object that says why says: its pod's last words, else its newest warning, else a condition that tells of an error."""
    for entry in data:
        if cordoned := entry.get("cordoned"):
            return "; ".join(f"Node {one['node']} {one['text']}" for one in cordoned)
        for pod in [pod for pod in entry.get("pods", ()) if not pod["is_ready"]]:
            words = next((said[-1].strip() for log in pod["logs"].values() if (said := _said(log))), "")
            if words:
                return f"{pod['state']}: {words}"
        warnings = [event for event in entry.get("events", ()) if event["type"] == "Warning" and event["message"]]
        if warnings:
            return str(warnings[-1]["message"])
        for text in entry.get("conditions", ()):
            if "=False" in text and _ERROR.search(text):
                return str(text.partition(" (")[2].removesuffix(")"))
    return ""


def _said(log: Sequence[str]) -> list[str]:
    """A log without empty lines, and without where in its own code a Java program was when it failed."""
    return [line for line in log if line.strip() and not _FRAME.match(line)]


def _next_command(refs: Sequence[Ref], data: Sequence[dict[str, Any]]) -> str:
    if commands := dict.fromkeys(one["next"] for entry in data for one in entry.get("cordoned", ())):
        return "\n".join(commands)
    for entry in data:
        for pod in entry.get("pods", ()):
            if not pod["is_ready"]:
                return f"kubectl describe pod {pod['name']} -n {entry['namespace']}"
    return f"kubectl describe {refs[0].kubectl}" if refs else ""


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    return [_redacted(item) for item in value] if isinstance(value, list) else value
