"""Plans one component: reads everything at once, compares, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from converge.commands import typed
from converge.components.component import Component
from converge.components.terms import Access, Remark, Setting
from converge.engine.access import asking_once
from converge.engine.plan import Plan, PlannedChange, Unknown, of_absent, of_change, of_restart, of_setting
from converge.engine.restarts import restarts_for_secrets
from converge.errors import NotReady, ThinkubeError, first_line
from converge.kubernetes import secrets
from converge.kubernetes.applyset import Seen
from converge.kubernetes.changes import changes
from converge.kubernetes.objects import Ref
from converge.kubernetes.stages import defined_kinds, order_of, stage_of
from converge.redaction import redact

if TYPE_CHECKING:
    from converge.engine.platform import Platform

LOOKS_AT_ONCE = 8
"""How many things of one component are looked at together: its objects, and each of its settings."""


@dataclass(frozen=True)
class Shared:
    """What plans that are made together look at once: each kind of objects, each Secret, what a program in a pod says."""

    seen: Seen
    access: Access


def shared(platform: Platform) -> Shared | None:
    """That of a running cluster; None where none runs."""
    return Shared(Seen(platform.api.view(read_only=True)), asking_once(platform.read_only_access)) if platform.find_cluster() else None


def plan(platform: Platform, name: str, shared: Shared | None = None) -> Plan:
    """What a converge of this component would change; writes nothing. Plans made together look at what is ``shared`` once."""
    return Planner(platform, platform.component(name), shared).plan()


class Planner:
    """One component of a platform; ``shared`` is what the plans of many components look at once."""

    def __init__(self, platform: Platform, component: Component, shared: Shared | None = None) -> None:
        self._platform = platform
        self._component = component
        self._name = component.name
        self._seen = shared.seen if shared else None
        self._shared_access = shared.access if shared else None
        self._context = replace(platform.context, ca_pem=self._ca_pem_now_or_later)

    def plan(self) -> Plan:
        """What a converge would change, as far as it can be known now; nothing where it cannot exist with this inventory."""
        if reason := self._platform.unavailable.get(self._name):
            return Plan(self._name, unavailable=redact(reason))
        unknown: list[Unknown] = []
        settings = list(self._settings(unknown))
        with ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix=f"look at {self._name}") as pool:
            looks = [pool.submit(self._look, "its objects", lambda: list(self._objects()))]
            looks += [pool.submit(self._look, setting.subject, partial(_setting, setting)) for setting in settings]
        found: list[PlannedChange] = []
        for look in looks:
            changed, unclear = look.result()
            found += changed
            unknown += unclear
        remarks = self._remarks(unknown)
        return Plan(self._name, tuple(found), tuple(unknown), remarks)

    def _remarks(self, unknown: list[Unknown]) -> tuple[Remark, ...]:
        if self._platform.find_cluster() is None:
            return ()
        try:
            return tuple(self._component.remarks(self._access))
        except ThinkubeError as error:
            unknown.append(self._unknown("what somebody did to it on purpose", error))
            return ()

    def _look(self, subject: str, look: Callable[[], list[PlannedChange]]) -> tuple[list[PlannedChange], list[Unknown]]:
        try:
            return look(), []
        except ThinkubeError as error:
            return [], [self._unknown(subject, error)]

    def _unknown(self, subject: str, error: ThinkubeError) -> Unknown:
        first = "" if self._platform.find_cluster() else self._platform.graph.closure([self._name])[0]
        own = "" if error.next_command == error.usual_next else typed(error.next_command)
        return Unknown(redact(subject), redact(first_line(error)), first, redact(error.cause), redact(own))

    def _objects(self) -> Iterator[PlannedChange]:
        generated = self._component.secrets()
        objects = list(self._component.objects(self._context))
        if self._platform.find_cluster() is None:
            yield from (of_absent(Ref("Secret", secret.name, secret.namespace, "v1")) for secret in generated)
            yield from map(of_absent, _in_order(map(Ref.of, objects), defined_kinds(objects)))
            return
        api = self._platform.api.view(read_only=True)
        found = secrets.changes(api, self._name, generated) if generated else []
        found += changes(api, self._name, objects, seen=self._seen) if objects else []
        yield from (of_change(change) for change in found if change.is_drift)
        if generated:
            yield from map(of_restart, restarts_for_secrets(api, self._component, self._context, self._access))

    def _settings(self, unknown: list[Unknown]) -> Iterator[Setting]:
        access = self._access
        try:
            yield from self._component.prerequisites(self._context, access)
            yield from self._component.settings(self._context, access)
        except ThinkubeError as error:
            unknown.append(self._unknown("its settings", error))

    @property
    def _access(self) -> Access:
        """Made where it is needed: opening one wants a cluster."""
        return self._shared_access or self._platform.read_only_access

    def _ca_pem_now_or_later(self) -> str:
        """Objects that carry the CA can be named before there is one."""
        try:
            return self._platform.ca_pem()
        except NotReady:
            return "(made by cert-manager)"


def _setting(setting: Setting) -> list[PlannedChange]:
    differences = setting.differences()
    return [of_setting(setting.subject, differences)] if differences else []


def _in_order(refs: Iterable[Ref], own_kinds: frozenset[str]) -> list[Ref]:
    return sorted(refs, key=lambda ref: (order_of(ref, stage_of(ref, own_kinds)), ref))
