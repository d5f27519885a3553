"""What administrators see of a component besides: its pods, their events and their logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .api import Api
from .catalogue import Component
from .health import Seen, is_ready

Object = dict[str, Any]
LINES = 400
EVENTS = 60


@dataclass(frozen=True)
class Pod:
    """A pod in a row of a table."""

    namespace: str
    name: str
    state: str
    is_well: bool
    restarts: int
    node: str
    started: str
    containers: Sequence[str]


@dataclass(frozen=True)
class Event:
    """Something that happened to an object of a component's."""

    at: str
    is_warning: bool
    about: str
    reason: str
    text: str
    times: int


async def pods(api: Api, component: Component, seen: Seen) -> list[Pod]:
    """The pods of a component's workloads and jobs."""
    jobs = _jobs(component, seen)
    found: list[Pod] = []
    for namespace, selectors in _selectors(component, seen, jobs).items():
        for item in await api.list(f"/api/v1/namespaces/{namespace}/pods"):
            labels = item["metadata"].get("labels", {})
            if any(selector.items() <= labels.items() for selector in selectors):
                found.append(_pod(item))
    return sorted(found, key=lambda pod: (pod.namespace, pod.name))


async def events(api: Api, component: Component, seen: Seen) -> list[Event]:
    """What happened lately to a component's workloads, jobs and pods, or to the nodes that it is; the newest first."""
    if component.has("nodes"):
        found = [_event(item) for item in await api.list("/api/v1/events", fieldSelector="involvedObject.kind=Node")]
    else:
        everybodys = [*seen.workloads, *seen.cron_jobs]
        mine, owners = {_place(item) for item in seen.of(component, everybodys)}, {_place(item) for item in everybodys}
        places = sorted({namespace for namespace, _ in mine})
        items = [item for place in places for item in await api.list(f"/api/v1/namespaces/{place}/events")]
        found = [_event(item) for item in items if _owner(item, owners) in mine]
    return sorted(found, key=lambda event: event.at, reverse=True)[:EVENTS]


async def log(api: Api, pod: Pod, container: str, *, previous: bool) -> str:
    """The end of a container's log, or of the one that ran before it."""
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/log"
    return await api.text(path, container=container, tailLines=str(LINES), previous=str(previous).lower())


def _jobs(component: Component, seen: Seen) -> list[Object]:
    names = {_place(item) for item in seen.of(component, seen.cron_jobs)}
    return [
        job
        for job in seen.jobs
        if any((job["metadata"]["namespace"], owner["name"]) in names for owner in job["metadata"].get("ownerReferences", ()))
    ]


def _selectors(component: Component, seen: Seen, jobs: Iterable[Object]) -> dict[str, list[dict[str, str]]]:
    """Namespace → the labels by which pods there are the component's."""
    found: dict[str, list[dict[str, str]]] = {}
    for item in [*seen.of(component, seen.workloads), *jobs]:
        if labels := item["spec"].get("selector", {}).get("matchLabels"):
            found.setdefault(item["metadata"]["namespace"], []).append(labels)
    return found


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _owner(item: Object, owners: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The workload that an event is about, or whose ReplicaSet, job or pod: that of the longest name, for the pod may be gone."""
    namespace, name = item["metadata"]["namespace"], item["involvedObject"].get("name", "")
    found = [owner for place, owner in owners if place == namespace and f"{name}-".startswith(f"{owner}-")]
    return namespace, max(found, key=len, default="")


def _pod(item: Object) -> Pod:
    status = item.get("status", {})
    told = status.get("containerStatuses", ())
    reasons = [
        state[kind].get("reason", "")
        for one in told
        for state in (one.get("state", {}),)
        for kind in ("waiting", "terminated")
        if kind in state and not (kind == "terminated" and state[kind].get("exitCode") == 0)
    ]
    done = status.get("phase") == "Succeeded"
    well = done or (bool(told) and is_ready(item))
    return Pod(
        namespace=item["metadata"]["namespace"],
        name=item["metadata"]["name"],
        state=next(filter(None, reasons), "Ready" if well and not done else status.get("phase", "Pending")),
        is_well=well,
        restarts=sum(one.get("restartCount", 0) for one in told),
        node=item["spec"].get("nodeName", ""),
        started=status.get("startTime", ""),
        containers=[one["name"] for one in item["spec"]["containers"]],
    )


def _event(item: Object) -> Event:
    series = item.get("series") or {}
    about = item["involvedObject"]
    return Event(
        at=series.get("lastObservedTime") or item.get("lastTimestamp") or item.get("eventTime") or item["metadata"]["creationTimestamp"],
        is_warning=item.get("type") == "Warning",
        about=f"{about.get('kind', '')} {about.get('name', '')}",
        reason=item.get("reason", ""),
        text=item.get("message", ""),
        times=series.get("count") or item.get("count") or 1,
    )
