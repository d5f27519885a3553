"""Reconciles one component: read → compare → write only what differs → wait until it serves."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from converge.components.component import Component
from converge.components.terms import KubernetesObject
from converge.engine.backups import copy_before, versions_replaced
from converge.engine.known_data import KnownData
from converge.engine.outcome import Outcome, Result
from converge.engine.planner import Planner
from converge.engine.restarts import restart, restarts_for_lost_data, restarts_for_secrets
from converge.engine.serving import wait_until_reached
from converge.engine.settings import Settings
from converge.errors import NotReady, ThinkubeError, Unavailable
from converge.kubernetes import secrets
from converge.kubernetes.admission import behind_webhooks
from converge.kubernetes.apply import Action, Change, Seen, Stage, apply_changes, changes, refuse_conflicts
from converge.kubernetes.deletion import through_endings
from converge.kubernetes.issuance import ISSUANCES, ask_again, failed_issuances, outdated, reissue, wake_issuers
from converge.kubernetes.objects import Ref
from converge.kubernetes.pods import is_stuck
from converge.kubernetes.ready import readiness
from converge.kubernetes.stuck import pods_behind, replace_stuck
from converge.kubernetes.wait import ObjectsNotReady, wait_until_ready
from converge.progress import State
from converge.redaction import redact
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.engine.platform import Platform
    from converge.kubernetes.client import Api


def converge(platform: Platform, name: str) -> Outcome:
    """Bring one component (not what it requires) to its desired state and wait until it serves; never raises."""
    return Reconciliation(platform, platform.component(name)).converge()


def verify(platform: Platform, name: str, *, drift: bool = False) -> Outcome:
    """Look whether one component is there and serves, and write nothing; with ``drift`` name all that a converge would; never raises."""
    return Reconciliation(platform, platform.component(name)).verify(drift=drift)


@dataclass(frozen=True)
class _Read:
    found: list[Change]
    is_ready: bool

    @property
    def is_as_wanted(self) -> bool:
        return self.is_ready and not any(change.is_write for change in self.found)


class Reconciliation:
    """One component of a platform, once."""

    def __init__(self, platform: Platform, component: Component) -> None:
        self._platform = platform
        self._component = component
        self._name = component.name
        self._access = platform.access_for(self._name)
        self._written: list[str] = []
        self._made: list[KubernetesObject] | None = None
        self._remarks: tuple[str, ...] = ()
        options = platform.inventory.options(self._name)
        self._deadline_s = options.deadline_s or platform.inventory.deadlines.component_s
        self._repaired_at = 0.0
        self._start_clock()
        self._lost: tuple[str, ...] = ()
        self._back: Sequence[str] = ()

    @cached_property
    def _data(self) -> KnownData:
        return KnownData(lambda: self._platform.api, self._name)

    @cached_property
    def _settings(self) -> Settings:
        return Settings(self._platform, self._name, self._data, self._written, self._left_s)

    # What is done with a component

    def converge(self) -> Outcome:
        """Bring it to its desired state."""
        return self._outcome_of(self._converge)

    def verify(self, *, drift: bool = False) -> Outcome:
        """Look whether it is there and serves; with ``drift`` its outcome names every change that a converge would make."""
        return self._outcome_of(lambda: self._verify(drift=drift))

    def write_prerequisites(self) -> None:
        """Let what it requires hold what it should hold for it: the first part of a converge, by itself."""
        self._settings.write(self._component.prerequisites(self._platform.context, self._access))

    # How

    @property
    def _objects(self) -> list[KubernetesObject]:
        # No cached_property: before Python 3.12 one component's would wait for another's, which may be a release in the making.
        if self._made is None:
            self._made = list(self._component.objects(self._platform.context))
        return self._made

    def _converge(self) -> None:
        self._note(State.STARTED, "reading")
        self._require_images()
        if self._objects or self._component.secrets():
            self._start_clock()
            api = self._platform.watched(self._name)
            through_endings(api, self._objects, lambda: self._converge_objects(api), self._left_s)
        self._settings.write(self._component.settings(self._platform.context, self._access))
        self._tell_lost_data()
        if self._written and "cert-manager" in self._platform.graph.closure([self._name]):  # before it, no host has a certificate
            wait_until_reached(self._platform, self._name, self._left_s())

    def _tell_lost_data(self) -> None:
        """At the end, when all of it is there anew: a run that is stopped before says nothing, the next one does."""
        self._data.look_at_volumes(self._objects)
        self._lost = tuple(self._data.lost())
        self._data.said()
        self._settings.keep_data()

    def _converge_objects(self, api: Api) -> None:
        began = time.monotonic()
        read = self._read(api)
        missing = self._missing_secrets(api)
        refuse_conflicts([*read.found, *missing])
        is_due = bool(missing) or not read.is_as_wanted
        if is_due:
            self._load_images()
        if (missing or any(change.is_write for change in read.found)) and self._platform.take_lease() > began:
            self._converge_objects(api)  # what was read before nobody else could write may be so no more
            return
        self._apply(api, read.found, Stage.FOUNDATION)
        if any(change.action is Action.RECREATE and change.ref.kind == "Namespace" for change in read.found):
            self._converge_objects(api)  # what was read in it is gone with it
            return
        if missing:
            self._platform.take_lease()
            self._keep(secrets.ensure(api, self._name, self._component.secrets()))
        self._settings.write(self._component.prerequisites(self._platform.context, self._access))
        restarted = self._restart_behind(api)
        if not is_due:
            self._wait(api, restarted)
            return
        if self._back_up(read.found):
            read = self._read(api)  # a copy may have stopped what is written now
        self._apply(api, read.found, Stage.CONFIGURATION, Stage.WORKLOADS)
        if any(change.stage is Stage.INSTANCES and change.is_write for change in read.found):
            self._wait(api, behind_webhooks(self._objects))
        made = [change.wanted for change in read.found if change.action is Action.CREATE and change.wanted]
        stale = outdated(api, [obj for obj in made if obj["kind"] == "Certificate"])
        self._apply(api, read.found, Stage.INSTANCES)
        reissue(api, stale, self._left_s())
        wake_issuers(api, self._objects)
        self._wait(api, self._objects)
        self._apply(api, read.found, Stage.REMOVAL)

    def _back_up(self, found: Sequence[Change]) -> bool:
        """Copy data before another version of the programs may change it, and keep in mind how one comes back from there."""
        versions = versions_replaced(found)
        if versions:
            copied, self._back = copy_before(versions, self._component.backups(self._platform.context, self._access), self._note)
            self._written += copied
            self._start_clock()  # that takes as long as there is data
        return bool(versions)

    def _restart_behind(self, api: Api) -> list[KubernetesObject]:
        """Restart what runs with an earlier value of one of its Secrets, and itself where data that others held for it is lost.

        Returns what is its own; others are waited for by theirs.
        """
        found = restarts_for_secrets(api, self._component, self._platform.context, self._access)
        if lost := self._data.lost(self._component.prerequisites(self._platform.context, self._access)):
            found += restarts_for_lost_data(api, self._objects, lost)
        if found:
            self._platform.take_lease()
            for one in found:
                self._note(State.CHANGED, f"restart {one.workload}: {one.reason}")
            restart(api, found)
            self._written += [f"restart {one.workload}: {one.reason}" for one in found]
        refs = {one.workload for one in found}
        return [obj for obj in self._objects if Ref.of(obj) in refs]

    def _verify(self, *, drift: bool) -> None:
        self._require_images()
        self._platform.cluster()
        plan = Planner(self._platform, self._component).plan()
        if plan.unknown:
            causes, commands = (
                dict.fromkeys(filter(None, texts)) for texts in zip(*((one.cause, one.next) for one in plan.unknown), strict=True)
            )
            raise NotReady(
                f"{self._name} converged",
                seen="\n".join(map(str, plan.unknown)),
                cause="\n".join(causes),
                next_command="\n".join(commands) or f"pytest features/ -m {self._name}",
            )
        if drift:
            self._written += [str(change) for change in plan.changes]
            return
        absent = [str(change) for change in plan.changes if change.action == "create" and not change.is_setting]
        if absent:
            raise NotReady(
                f"{self._name} converged", seen="absent:\n" + "\n".join(absent), next_command=f"pytest features/ -m {self._name}"
            )
        if self._objects:
            api = self._platform.watched(self._name).view(read_only=True)
            try:
                wait_until_ready(api, self._objects, COMES_S, progress=self._platform.progress, subject=self._name)
            except NotReady as error:
                if plan:
                    error.cause = f"it is not as it should be:\n{plan}\n{error.cause}".rstrip()
                    error.next_command = f"pytest features/ -m {self._name}"
                raise

    def _outcome_of(self, work: Callable[[], None]) -> Outcome:
        started_at, started = time.time(), time.monotonic()
        result, text, diagnosis = Result.CONVERGED, "", ""
        try:
            work()
            self._remarks = tuple(redact(str(one)) for one in self._component.remarks(self._platform.read_only_access))
        except Unavailable as error:
            result, text = Result.UNAVAILABLE, error.seen or error.wanted
        except ThinkubeError as error:
            result, text = Result.FAILED, str(error)
            if isinstance(error, ObjectsNotReady):
                diagnosis = json.dumps(error.diagnosis.data, indent=1, ensure_ascii=False, default=str)
        except Exception:
            result, text = Result.FAILED, f"a fault of the harness itself:\n{traceback.format_exc()}"
        by = "" if result is Result.CONVERGED else self._name
        took = time.monotonic() - started
        seen = (redact(text), by, redact(diagnosis), self._remarks, self._lost or tuple(self._data.lost()))
        return Outcome(self._name, result, tuple(self._written), started_at, took, *seen)

    def _require_images(self) -> None:
        if reason := self._platform.unavailable.get(self._name):
            raise Unavailable(f"{self._name} converged", seen=reason)

    def _load_images(self) -> None:
        if names := self._component.images:
            self._note(State.WAITING, f"images: {', '.join(names)}")
            self._platform.cluster()
            self._repaired_at = max(self._repaired_at, self._platform.loading.finish(names))
            self._start_clock()

    def _read(self, api: Api) -> _Read:
        """What differs, and whether what is there serves: both from the same lists."""
        if not self._objects:
            return _Read([], is_ready=True)
        seen = Seen(api, self._name)
        found = changes(api, self._name, self._objects, seen=seen)
        live = seen.members(self._name, {(obj["kind"], obj["apiVersion"]) for obj in self._objects})
        return _Read(found, is_ready=all(readiness(obj).is_ready for obj in live.values()))

    def _missing_secrets(self, api: Api) -> list[Change]:
        wanted = self._component.secrets()
        return secrets.changes(api, self._name, wanted) if wanted else []

    def _apply(self, api: Api, found: list[Change], *stages: Stage) -> None:
        if any(change.stage in stages and change.is_write for change in found):
            self._platform.take_lease()
            self._keep(apply_changes(api, self._name, found, stages=stages, progress=self._platform.progress, deadline_s=self._left_s()))

    def _keep(self, done: Sequence[Change]) -> None:
        self._written += [f"{change.action} {change.ref}" for change in done]
        if done:
            self._platform.repaired_at = time.time()

    def _wait(self, api: Api, objects: Sequence[KubernetesObject]) -> None:
        """Wait until objects serve; a certificate whose issuance failed is asked for again, a few times: the cause may have passed."""
        repaired_at = max(self._repaired_at, self._platform.repaired_at)
        if repaired_at:
            self._replace_stuck(api, objects, repaired_at)
        for tries_left in reversed(range(ISSUANCES)):
            try:
                wait_until_ready(
                    api, objects, self._left_s(), progress=self._platform.progress, subject=self._name, repaired_at=repaired_at
                )
                return
            except ObjectsNotReady as error:
                failed = failed_issuances(api, error.refs) if tries_left and error.is_terminal else []
                if not failed:
                    error.cause = "\n".join(filter(None, (error.cause, *self._back)))
                    raise
                self._platform.take_lease()
                for ref in failed:
                    self._note(State.CHANGED, f"ask again for {ref}")
                    ask_again(api, ref.name, ref.namespace)
                    self._written.append(f"ask again for {ref}")

    def _replace_stuck(self, api: Api, objects: Sequence[KubernetesObject], repaired_at: float) -> None:
        """Have pods made anew that wait because of what was wrong before this run repaired something: of this component, or below it."""
        if pods := [pod for pod in pods_behind(api, objects) if is_stuck(pod, repaired_at)]:
            self._platform.take_lease()
            for done in replace_stuck(api, pods, repaired_at):
                self._note(State.CHANGED, done)
                self._written.append(done)

    def _start_clock(self) -> None:
        """Until here manifests and images were made: the first time that takes longer than any component may."""
        self._ends_at = time.monotonic() + self._deadline_s

    def _left_s(self) -> float:
        return max(1.0, self._ends_at - time.monotonic())

    def _note(self, state: State, detail: str) -> None:
        self._platform.progress.note(self._name, state, detail)
