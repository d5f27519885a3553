"""Waiting: always with a deadline and the last thing seen, woken by watches, and ended early by what cannot become ready any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from converge.errors import NotReady
from converge.kubernetes.client import Api
from converge.kubernetes.diagnosis import Diagnosis, diagnose
from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.pods import pods_of
from converge.kubernetes.ready import ALWAYS_READY, HAS_PODS, Readiness, by_events, readiness
from converge.kubernetes.watch import Subject, Watch, is_current, subject_of, watches
from converge.progress import SILENCE, Progress, State

_TICK_S = 1.0
"""Rules with a grace (unschedulable) and the seconds in texts move without any event."""

_WARNINGS = Subject("Event", "v1", fields="type=Warning")
_CLASSES = Subject("StorageClass", "storage.k8s.io/v1")
_CLOCKS_S = 2.0
"""Event times have whole seconds and come from another clock."""


class ObjectsNotReady(NotReady):
    """Objects did not become ready; ``refs`` are those, ``diagnosis`` is everything that was seen of them."""

    def __init__(self, wanted: str, *, seen: str, refs: Sequence[Ref], diagnosis: Diagnosis, is_terminal: bool) -> None:
        self.refs = tuple(refs)
        self.diagnosis = diagnosis
        self.is_terminal = is_terminal
        super().__init__(wanted, seen=seen, cause=diagnosis.text, next_command=diagnosis.next_command)


def wait_until_ready(
    api: Api,
    objects: Sequence[KubernetesObject],
    deadline_s: float,
    *,
    progress: Progress = SILENCE,
    subject: str = "",
    on_change: Callable[[Ref, Readiness], None] | None = None,
    repaired_at: float = 0.0,
) -> None:
    """Wait until all of some objects serve; those without a state (ConfigMaps, RBAC …) count as ready.

    ``subject`` names the work for ``progress`` ("keycloak"); ``on_change`` is told of every turn of every object. ``repaired_at`` is when
    whoever waits last changed something (seconds since 1970): what went wrong with a pod before does not end the wait.

    Raises:
        ObjectsNotReady: at once where an object cannot become ready by itself any more, else at the deadline, with a diagnosis.
    """
    refs = [_located(api, Ref.of(obj)) for obj in objects if obj["kind"] not in ALWAYS_READY]
    if not refs:
        return
    started, began = time.monotonic(), time.time()
    shared = watches(api)
    with shared.on(_subjects(refs)) as open_watches:
        shown: dict[Ref, Readiness] = {}
        while True:
            with shared.changed:
                states = {ref: _judge(api, ref, open_watches, began, repaired_at) for ref in refs}
            turned = {ref: state for ref, state in states.items() if shown.get(ref) != state}
            shown = states
            waiting = {ref: state for ref, state in states.items() if not state.is_ready}
            if on_change:
                for ref, state in turned.items():
                    on_change(ref, state)
            if not waiting:
                return
            stuck = {ref: state for ref, state in waiting.items() if state.is_terminal}
            left = deadline_s - (time.monotonic() - started)
            if stuck or left <= 0:
                _give_up(api, stuck or waiting, deadline_s, is_terminal=bool(stuck))
            if turned and subject:
                first, state = next(iter(waiting.items()))
                more = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
                progress.note(subject, State.WAITING, f"{first}: {state.text}{more}")
            with shared.changed:
                if all(_judge(api, ref, open_watches, began, repaired_at) == state for ref, state in states.items()):
                    shared.changed.wait(min(_TICK_S, max(left, 0.01)))


def wait_until(
    api: Api, ref: Ref, predicate: Callable[[KubernetesObject | None], bool], deadline_s: float, *, wanted: str = ""
) -> KubernetesObject:
    """Wait until one object (None: absent) is as a predicate wants it, and return it ({} where it is absent).

    Raises:
        NotReady: the deadline passed; the error shows the object's last state.
    """
    ref = _located(api, ref)
    subject = subject_of(ref)
    deadline = time.monotonic() + deadline_s
    shared = watches(api)
    with shared.on([subject]) as open_watches, shared.changed:
        watch = open_watches[subject]
        while True:
            obj = watch.find(ref.namespace, ref.name)
            is_known = watch.is_complete or (isinstance(watch.trouble, ApiRefused) and watch.trouble.code == 404)
            if is_known and (obj is None or is_current(api, obj)) and predicate(obj):
                return obj or {}
            left = deadline - time.monotonic()
            if left <= 0:
                seen = readiness(obj).text if obj else (str(watch.trouble.seen) if watch.trouble else "absent")
                raise NotReady(
                    wanted or f"{ref} as expected",
                    seen=f"{seen}, after {deadline_s:.0f} s",
                    next_command=f"kubectl get {ref.kubectl} -o yaml",
                )
            shared.changed.wait(left)


def wait_until_any(
    api: Api, ref: Ref, predicate: Callable[[KubernetesObject], bool], deadline_s: float, *, wanted: str
) -> KubernetesObject:
    """Wait until one object of a kind and namespace (the ref's; whatever its name) is as a predicate wants it, and return it.

    Raises:
        NotReady: the deadline passed.
    """
    ref = _located(api, ref)
    deadline = time.monotonic() + deadline_s
    shared = watches(api)
    with shared.on([_subject(ref)]) as open_watches, shared.changed:
        while True:
            objects = [obj for obj in open_watches[_subject(ref)].objects() if obj["metadata"].get("namespace", "") == ref.namespace]
            if found := next(filter(predicate, objects), None):
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotReady(wanted, seen=f"none of {len(objects)} {ref.kind}, after {deadline_s:.0f} s")
            shared.changed.wait(left)


def _judge(api: Api, ref: Ref, open_watches: dict[Subject, Watch], began: float, repaired_at: float) -> Readiness:
    watch = open_watches[_subject(ref)]
    if not watch.is_complete:
        trouble = watch.trouble
        is_hopeless = isinstance(trouble, ApiRefused) and trouble.code in (401, 403)
        return Readiness(False, f"cannot be seen: {trouble.seen}" if trouble else "not seen yet", is_terminal=is_hopeless)
    obj = watch.find(ref.namespace, ref.name)
    if obj is None:
        return Readiness(False, "absent")
    if not is_current(api, obj):
        return Readiness(False, "the change is not seen yet")
    if ref.kind not in HAS_PODS | {"PersistentVolumeClaim"}:
        return readiness(obj)
    pods: list[KubernetesObject] = []
    if ref.kind in HAS_PODS:
        sets = open_watches[Subject("ReplicaSet")].objects() if ref.kind == "Deployment" else []
        pods = pods_of(obj, open_watches[Subject("Pod")].objects(), sets)
    if ref.kind == "PersistentVolumeClaim" and (obj.get("status") or {}).get("phase") == "Pending":
        name = obj["spec"].get("storageClassName", "")
        found = open_watches[_CLASSES].find("", name)
        if found is None or found.get("volumeBindingMode") != "WaitForFirstConsumer":
            judged = Readiness(False, "pending" if found or not name else f"pending: there is no StorageClass {name}")
            return by_events(judged, _recent(open_watches, obj, began))
    events = _recent(open_watches, obj, began)
    return readiness(_without_old_verdict(obj, began), pods, events, since=repaired_at)


def _without_old_verdict(obj: KubernetesObject, began: float) -> KubernetesObject:
    """Without the word that a rollout made no progress, where that was said before the wait began: its cause may be cured."""
    status = obj.get("status") or {}
    kept = [
        entry
        for entry in status.get("conditions") or ()
        if entry.get("reason") != "ProgressDeadlineExceeded" or _time(entry.get("lastUpdateTime")) > began - _CLOCKS_S
    ]
    return {**obj, "status": {**status, "conditions": kept}} if status.get("conditions") else obj


def _recent(open_watches: dict[Subject, Watch], obj: KubernetesObject, began: float) -> list[KubernetesObject]:
    """Warnings about an object since the wait began: older ones may be cured."""
    return [event for event in open_watches[_WARNINGS].objects() if _is_about(event, obj) and _event_time(event) > began - _CLOCKS_S]


def _give_up(api: Api, states: dict[Ref, Readiness], deadline_s: float, *, is_terminal: bool) -> None:
    refs = list(states)
    diagnosis = diagnose(api, refs)
    when = "" if is_terminal else f", after {deadline_s:.0f} s"
    seen = "\n".join(f"{ref}: {state.text}" if len(states) > 1 else state.text for ref, state in states.items()) + when
    wanted = ", ".join(map(str, refs)) + " ready"
    raise ObjectsNotReady(wanted, seen=seen, refs=refs, diagnosis=diagnosis, is_terminal=is_terminal)


def _subjects(refs: Sequence[Ref]) -> list[Subject]:
    found = [_subject(ref) for ref in refs]
    if any(ref.kind in HAS_PODS for ref in refs):
        found.append(Subject("Pod"))
    if any(ref.kind == "Deployment" for ref in refs):
        found.append(Subject("ReplicaSet"))
    if any(ref.kind in HAS_PODS | {"PersistentVolumeClaim"} for ref in refs):
        found.append(_WARNINGS)
    if any(ref.kind == "PersistentVolumeClaim" for ref in refs):
        found.append(_CLASSES)
    return found


def _subject(ref: Ref) -> Subject:
    return Subject(ref.kind, "" if "/" not in ref.api_version or "." not in ref.api_version else ref.api_version)


def _located(api: Api, ref: Ref) -> Ref:
    """With the namespace that the server will use."""
    try:
        resource = api.resource(ref.kind, ref.api_version)
    except UnknownKind:
        return ref
    return Ref(ref.kind, ref.name, (ref.namespace or "default") if resource.namespaced else "", resource.api_version)


def _is_about(event: KubernetesObject, obj: KubernetesObject) -> bool:
    """Whether a warning is about an object, or about a ReplicaSet of a Deployment."""
    about, metadata = event.get("involvedObject") or {}, obj["metadata"]
    if about.get("namespace", "") != metadata.get("namespace", ""):
        return False
    if about.get("uid") == metadata.get("uid"):
        return True
    name = str(about.get("name", ""))
    return obj["kind"] == "Deployment" and about.get("kind") == "ReplicaSet" and name.rpartition("-")[0] == metadata["name"]


def _event_time(event: KubernetesObject) -> float:
    text = (
        (event.get("series") or {}).get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
    )
    return _time(text)


def _time(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0
