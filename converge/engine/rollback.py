"""Takes a component back: what converge made goes in reverse order, data stays unless it is purged.

Everything is read from the platform itself, so a rollback that was interrupted is simply run again.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from converge.components.component import Component
from converge.components.terms import Held, Removable, Setting
from converge.engine import known_data
from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result
from converge.errors import NotReady, Refused, ThinkubeError, Unreachable
from converge.kubernetes.apply import Action, Change, apply_changes
from converge.kubernetes.rollback import exists, is_data, mark, rollback_changes, size_of, volumes, wait_for_volumes
from converge.progress import State
from converge.redaction import redact

if TYPE_CHECKING:
    from converge.engine.platform import Platform


def roll_back(platform: Platform, name: str) -> list[Outcome]:
    """Take a component and what requires it back, keeping data; never raises."""
    try:
        return Rollback(platform, name, with_dependants=True).run()
    except ThinkubeError as error:
        return [Outcome(name, Result.FAILED, started_at=time.time(), text=redact(str(error)), by=name)]


@dataclass(frozen=True)
class RollbackPlan:
    """What a rollback does to one component: what it takes away, which data it destroys, and what stays, with the reason.

    Texts are for people: ``destroys == ("PersistentVolumeClaim keycloak/data (10Gi)", "database keycloak in postgres")``.
    """

    component: str
    removes: tuple[str, ...] = ()
    destroys: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    objects: tuple[Change, ...] = field(default=(), repr=False)
    settings: tuple[Removable, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.removes or self.destroys)


class Rollback:
    """``Rollback(platform, "keycloak")``: its plan, and doing it. ``purge`` gives up the data, ``with_dependants`` takes them along.

    Raises:
        Refused: the component cannot be rolled back, or others that exist require it.
    """

    def __init__(self, platform: Platform, name: str, *, purge: bool = False, with_dependants: bool = False) -> None:
        self._platform = platform
        self._known: Mapping[str, Component] = platform.known(platform.inventory)
        self._graph = Graph({known: component.requires for known, component in self._known.items()})
        self._purge = purge
        self.names = self._chosen(name, with_dependants=with_dependants)

    def plan(self) -> list[RollbackPlan]:
        """What will be done to each component, in order; writes nothing."""
        return [self.plan_of(name) for name in self.names]

    def plan_of(self, name: str, *, thorough: bool = True) -> RollbackPlan:
        """What will be done to one component; ``thorough`` looks into its data as well, for people."""
        found = rollback_changes(self._platform.api.view(read_only=True), name, purge=self._purge)
        settings, unseen = self._settings(name)
        own = [setting for setting in settings if not setting.within]
        theirs = [setting for setting in settings if setting.within]
        gone = [change for change in found if change.action is Action.PRUNE]
        stays = [f"{_named(change)}: {change.reason}" for change in found if change.action is Action.KEEP]
        data = [_named(change) for change in gone if is_data(change)]
        held = [f"{setting.subject}, in {setting.within}" for setting in theirs]
        if thorough and (theirs or any(is_data(change) for change in found)):
            held += self._inside(name)
        return RollbackPlan(
            component=name,
            removes=tuple([setting.subject for setting in own] + [str(change.ref) for change in gone if not is_data(change)]),
            destroys=tuple(data + (held if self._purge else [])),
            stays=tuple(stays + ([] if self._purge else held) + unseen),
            objects=tuple(found),
            settings=tuple(settings if self._purge else own),
        )

    def run(self) -> list[Outcome]:
        """Do it, component by component; it ends with the first that could not be taken away."""
        outcomes: list[Outcome] = []
        for name in self.names:
            outcomes.append(self._run(name))
            if outcomes[-1].result is Result.FAILED:
                break
        return outcomes

    def _run(self, name: str) -> Outcome:
        started_at, started = time.time(), time.monotonic()
        written: list[str] = []
        result, text = Result.ROLLED_BACK, "purged" if self._purge else "its data is kept"
        try:
            self._remove(name, written)
        except ThinkubeError as error:
            result, text = Result.FAILED, str(error)
        except Exception:
            result, text = Result.FAILED, f"a fault of the harness itself:\n{traceback.format_exc()}"
        by = name if result is Result.FAILED else ""
        return Outcome(name, result, tuple(written), started_at, time.monotonic() - started, redact(text), by)

    def _remove(self, name: str, written: list[str]) -> None:
        """Marks first, data last: a stop in between leaves enough behind to tell what is still to do."""
        plan = self.plan_of(name, thorough=False)
        if not plan:
            return
        api = self._platform.watched(name)
        deadline_s = self._deadline_s(name)
        self._platform.take_lease()
        mark(api, name, plan.objects)
        self._take_settings([setting for setting in plan.settings if not setting.within], written)
        self._take(name, [change for change in plan.objects if not is_data(change) and change.ref.kind != "Namespace"], written)
        self._take_settings([setting for setting in plan.settings if setting.within], written)
        names = volumes(api, [change for change in plan.objects if change.action is Action.PRUNE])
        self._take(name, [change for change in plan.objects if is_data(change)], written)
        wait_for_volumes(api, names, deadline_s)
        # Read anew: what somebody put into the namespace in the meantime keeps it.
        self._take(name, [change for change in rollback_changes(api, name, purge=self._purge) if change.ref.kind == "Namespace"], written)
        if self._purge:
            known_data.forget(api, name)

    def _take(self, name: str, found: Sequence[Change], written: list[str]) -> None:
        gone = [change for change in found if change.action is Action.PRUNE]
        if gone:
            self._platform.take_lease()
            done = apply_changes(
                self._platform.watched(name), name, gone, progress=self._platform.progress, deadline_s=self._deadline_s(name)
            )
            written += [f"remove {change.ref}" for change in done]

    def _take_settings(self, settings: Sequence[Removable], written: list[str]) -> None:
        for setting in settings:
            self._platform.take_lease()
            self._platform.progress.note("rollback", State.CHANGED, f"remove {setting.subject}")
            setting.remove()
            written.append(f"remove {setting.subject}")

    # What there is

    def exists(self, name: str) -> bool:
        """Whether there is anything of a component beside the data that a rollback keeps."""
        api = self._platform.api.view(read_only=True)
        return exists(api, name) or any(
            setting.is_there() for setting in self._all_settings(name) if isinstance(setting, Removable) and not setting.within
        )

    def _chosen(self, name: str, *, with_dependants: bool) -> tuple[str, ...]:
        dependants = [one for one in self._graph.dependants(name) if not self._known[one].is_machine]
        if self._known[name].is_machine:
            raise Refused(
                f"{name} rolled back",
                seen="it is the platform's machines themselves",
                next_command="thinkube cluster delete" if name == "control-node" else "change nodes.workers, then thinkube cluster delete",
            )
        there = [one for one in dependants if self.exists(one)]
        if there and not with_dependants:
            raise Refused(
                f"{name} rolled back",
                seen=f"{', '.join(there)} {'requires' if len(there) == 1 else 'require'} it",
                next_command=f"thinkube rollback {name} --with-dependants",
            )
        return (*reversed(there), name)

    def _settings(self, name: str) -> tuple[list[Removable], list[str]]:
        """What others hold for a component, last things first; and what could not be looked at because its holder is not there."""
        found: list[Removable] = []
        unseen: list[str] = []
        for setting in reversed(list(self._all_settings(name))):
            if not isinstance(setting, Removable) or setting.within == name:
                continue
            if setting.within and not exists(self._platform.api, setting.within):
                unseen.append(f"{setting.subject}, in {setting.within}, which is not running: whatever is there")
                continue
            try:
                if setting.is_there():
                    found.append(setting)
            except (Unreachable, NotReady) as error:
                raise NotReady(
                    f"to see {setting.subject}", seen=error.seen or str(error), next_command=f"pytest features/ -m {setting.within or name}"
                ) from error
        return found, unseen

    def _all_settings(self, name: str) -> Iterator[Setting]:
        component, context, access = self._known[name], self._platform.context, self._platform.access_for(name)
        for part in (component.prerequisites, component.settings):
            try:
                yield from part(context, access)
            except (NotReady, Unreachable):  # without what they need to be named, there is nothing of them either
                continue

    def _inside(self, name: str) -> Iterator[str]:
        """What a component's own data consists of, and what of it is held for others: it shares the data's fate."""
        is_up = exists(self._platform.api, name)
        for owner in (name, *self._graph.dependants(name)):
            for setting in self._all_settings(owner):
                if isinstance(setting, Held) and setting.within == name and (not is_up or _may_be_there(setting)):
                    yield f"{setting.subject}, inside" if owner == name else f"{setting.subject}, inside for {owner}"

    def _deadline_s(self, name: str) -> float:
        inventory = self._platform.inventory
        return float(inventory.options(name).deadline_s or inventory.deadlines.component_s)


def _may_be_there(setting: Held) -> bool:
    try:
        return not isinstance(setting, Removable) or setting.is_there()
    except ThinkubeError:
        return True


def _named(change: Change) -> str:
    size = size_of(change.live) if change.ref.kind == "PersistentVolumeClaim" else ""
    return f"{change.ref} ({size})" if size else str(change.ref)
