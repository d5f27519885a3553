"""Reconciles one component: read → compare → write only what differs → wait until it serves."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from converge import secrets
from converge.components.component import Component, Difference, KubernetesObject, Setting
from converge.engine.outcome import Outcome, Plan, PlannedChange, Result
from converge.errors import NotReady, ThinkubeError, Unavailable, Unreachable
from converge.kubernetes.apply import Change, Stage, apply_changes, changes
from converge.kubernetes.ready import readiness
from converge.kubernetes.wait import wait_until_ready
from converge.progress import State
from converge.redaction import redact

if TYPE_CHECKING:
    from converge.engine.platform import Platform

T = TypeVar("T")
SETTLE_S = 30
"""How long a setting that was just written may take to show."""
GLANCE_S = 5
"""How long a verify waits for what should be ready already."""


class Reconciliation:
    """One component of a platform, once."""

    def __init__(self, platform: Platform, component: Component) -> None:
        self._platform = platform
        self._component = component
        self._name = component.name
        self._written: list[str] = []
        options = platform.inventory.options(self._name)
        self._deadline_s = options.deadline_s or platform.inventory.deadlines.component_s
        self._ends_at = time.monotonic() + self._deadline_s

    # The three things that are done with a component

    def converge(self) -> Outcome:
        """Bring it to its desired state."""
        return self._told(self._converge)

    def verify(self, *, drift: bool = False) -> Outcome:
        """Look whether it is there and serves; with ``drift`` its outcome names every change that a converge would make."""
        return self._told(lambda: self._verify(drift=drift))

    def plan(self) -> Plan:
        """What a converge would change."""
        unknown: list[str] = []
        found: list[PlannedChange] = []
        if self._is_open():
            found += [_of_object(change) for change in (*self._missing_secrets(read_only=True), *self._changes(read_only=True))]
        elif self._component.namespace or self._objects_exist():
            unknown.append("its objects: the cluster does not run")
        for setting in self._settings(unknown):
            try:
                if differences := setting.differences():
                    found.append(_of_setting(setting, differences))
            except (NotReady, Unreachable) as error:
                unknown.append(f"{setting.subject}: {_first_line(error)}")
        return Plan(self._name, tuple(found), tuple(unknown))

    # How

    def _converge(self) -> None:
        self._require_images()
        self._note(State.STARTED, "reading")
        component, context = self._component, self._platform.context
        if objects := list(component.objects(context)):
            self._converge_objects(objects)
        elif component.secrets(self._platform.inventory):
            self._write_secrets()
        self._write_settings(component.settings(context, self._platform.access))

    def _converge_objects(self, objects: list[KubernetesObject]) -> None:
        component, context = self._component, self._platform.context
        found = self._changes(objects=objects)
        missing = self._missing_secrets()
        if any(change.is_write for change in found) or missing or not self._is_ready(objects):
            self._load_images()
        self._apply(found, (Stage.FOUNDATION,))
        if missing:
            self._write_secrets()
        self._write_settings(component.prerequisites(context, self._platform.access))
        self._apply(found, (Stage.CONFIGURATION, Stage.WORKLOADS))
        later = [change.ref for change in found if change.stage is Stage.INSTANCES]
        if later:
            self._wait([obj for obj in objects if not _is_one_of(obj, later)])
            self._apply(found, (Stage.INSTANCES,))
        self._wait(objects)
        self._apply(found, (Stage.REMOVAL,))

    def _verify(self, *, drift: bool) -> None:
        self._require_images()
        plan = self.plan()
        if plan.unknown:
            raise NotReady(f"{self._name} converged", seen="\n".join(plan.unknown), next_command=f"pytest features/ -m {self._name}")
        if drift:
            self._written += [str(change) for change in plan.changes]
            return
        absent = [str(change) for change in plan.changes if change.action == "create"]
        if absent:
            raise NotReady(
                f"{self._name} converged", seen="absent:\n" + "\n".join(absent), next_command=f"pytest features/ -m {self._name}"
            )
        if objects := list(self._component.objects(self._platform.context)):
            wait_until_ready(self._api(read_only=True), objects, GLANCE_S, progress=self._platform.progress, subject=self._name)

    def _told(self, work: Callable[[], None]) -> Outcome:
        started_at, started = time.time(), time.monotonic()
        result, text = Result.CONVERGED, ""
        try:
            work()
        except Unavailable as error:
            result, text = Result.UNAVAILABLE, error.seen or error.wanted
        except ThinkubeError as error:
            result, text = Result.FAILED, str(error)
        except Exception:
            result, text = Result.FAILED, f"a fault of the harness itself:\n{traceback.format_exc()}"
        by = "" if result is Result.CONVERGED else self._name
        return Outcome(self._name, result, tuple(self._written), started_at, time.monotonic() - started, redact(text), by)

    def _require_images(self) -> None:
        for image in self._component.images:
            if reason := self._platform.images.availability(image):
                raise Unavailable(f"{self._name} converged", seen=reason)

    def _load_images(self) -> None:
        images = self._platform.images
        if names := self._component.images:
            self._note(State.WAITING, f"images: {', '.join(names)}")
            archives = {images.reference(name): images.archive(name) for name in names}
            self._note(State.WAITING, "loading images")
            self._platform.cluster().load_images(archives)

    def _changes(self, *, objects: Sequence[KubernetesObject] | None = None, read_only: bool = False) -> list[Change]:
        wanted = self._component.objects(self._platform.context) if objects is None else objects
        return changes(self._api(read_only), self._name, list(wanted)) if wanted else []

    def _missing_secrets(self, *, read_only: bool = False) -> list[Change]:
        wanted = self._component.secrets(self._platform.inventory)
        return secrets.changes(self._api(read_only), self._name, wanted) if wanted else []

    def _write_secrets(self) -> None:
        self._platform.hold()
        self._keep(secrets.ensure(self._api(), self._name, self._component.secrets(self._platform.inventory)))

    def _apply(self, found: list[Change], stages: tuple[Stage, ...]) -> None:
        due = [change for change in found if change.stage in stages and change.is_write]
        if not due:
            return
        self._platform.hold()
        self._note(State.CHANGED, ", ".join(str(change.ref) for change in due[:3]) + (f" and {len(due) - 3} more" if len(due) > 3 else ""))
        apply_changes(self._api(), self._name, found, stages=stages)
        self._keep(due)

    def _keep(self, done: Sequence[Change]) -> None:
        self._written += [f"{change.action.value} {change.ref}" for change in done]

    def _wait(self, objects: Sequence[KubernetesObject]) -> None:
        wait_until_ready(self._api(), list(objects), self._left_s(), progress=self._platform.progress, subject=self._name)

    def _is_ready(self, objects: Sequence[KubernetesObject]) -> bool:
        """Whether all of it is ready now, without waiting."""
        api = self._api()
        for wanted in objects:
            seen = api.find(
                wanted["kind"], wanted["metadata"]["name"], wanted["metadata"].get("namespace", ""), api_version=wanted["apiVersion"]
            )
            if seen is None or not readiness(seen).is_ready:
                return False
        return True

    def _write_settings(self, settings: Sequence[Setting]) -> None:
        for setting in settings:
            differences = self._patiently(setting.differences, self._left_s())
            if not differences:
                continue
            if self._is_open():
                self._platform.hold()
            self._note(State.CHANGED, setting.subject)
            setting.write()
            self._written.append(f"write {setting.subject}")
            self._settle(setting)

    def _settle(self, setting: Setting) -> None:
        ends_at = time.monotonic() + SETTLE_S
        for pause_s in _pauses():
            differences = self._patiently(setting.differences, self._left_s())
            if not differences:
                return
            if time.monotonic() > ends_at or self._platform.stopping.wait(pause_s):
                seen = "\n".join(f"{difference.field}: {difference.seen}, wanted {difference.wanted}" for difference in differences)
                raise NotReady(f"{setting.subject} as written", seen=seen)

    def _patiently(self, read: Callable[[], T], deadline_s: float) -> T:
        """What ``read`` says, once somebody answers: products whose pods are ready may refuse their first requests."""
        ends_at = time.monotonic() + deadline_s
        for pause_s in _pauses():
            try:
                return read()
            except (Unreachable, NotReady) as error:
                if time.monotonic() > ends_at or self._platform.stopping.is_set():
                    raise
                self._note(State.WAITING, _first_line(error))
                self._platform.stopping.wait(pause_s)
        raise AssertionError("pauses have no end")

    def _settings(self, unknown: list[str]) -> Iterator[Setting]:
        context, access = self._platform.context, self._platform.access
        try:
            yield from self._component.prerequisites(context, access)
            yield from self._component.settings(context, access)
        except (NotReady, Unreachable) as error:
            unknown.append(f"its settings: {_first_line(error)}")

    def _objects_exist(self) -> bool:
        return bool(self._component.objects(self._platform.context))

    def _is_open(self) -> bool:
        return self._platform.find_cluster() is not None

    def _api(self, read_only: bool = False):  # type: ignore[no-untyped-def]
        return self._platform.api.view(read_only=read_only)

    def _left_s(self) -> float:
        return max(1.0, self._ends_at - time.monotonic())

    def _note(self, state: State, detail: str) -> None:
        self._platform.progress.note(self._name, state, detail)


def _pauses() -> Iterator[float]:
    """Short at first, never longer than two seconds."""
    pause_s = 0.1
    while True:
        yield pause_s
        pause_s = min(2.0, pause_s * 1.5)


def _is_one_of(obj: KubernetesObject, refs: Sequence[object]) -> bool:
    from converge.kubernetes.objects import Ref

    return Ref.of(obj) in refs


def _of_object(change: Change) -> PlannedChange:
    details = [_words(difference) for difference in change.differences]
    return PlannedChange(change.action.value, str(change.ref), tuple([change.reason] if change.reason else []) + tuple(details))


def _of_setting(setting: Setting, differences: Sequence[Difference]) -> PlannedChange:
    return PlannedChange("change", setting.subject, tuple(_words(difference) for difference in differences))


def _words(difference: Difference) -> str:
    by = f" ({difference.manager})" if difference.manager else ""
    return redact(f"{difference.field}: {difference.seen} → {difference.wanted}{by}")


def _first_line(error: BaseException) -> str:
    seen = getattr(error, "seen", "") or str(error)
    return f"{getattr(error, 'wanted', '')}: {seen}".strip(": ").partition("\n")[0]
