"""What a converge would change, as data: for people (`converge.reporting.plan`), for programs (JSON), and for the words of a drift.

Secrets are taken out here, where values enter a plan: whoever shows one need not think of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from converge.components.terms import Difference, Remark
from converge.components.versions import replaced
from converge.engine.restarts import Restart
from converge.kubernetes.changes import Action, Change
from converge.kubernetes.difference import SECRET
from converge.kubernetes.fields import spelled
from converge.kubernetes.objects import Ref
from converge.redaction import MARK, redact
from converge.shortening import cut_alike

VERSION = 1
"""Of the JSON's shape; rises when a name goes or means something else, not when one is added. See docs/reference/plan.md."""

SETTING = "setting"
"""The kind of what only a product's admin API holds."""

LONGEST = 160
"""Characters of a value in the words of a drift."""

CHANGED, UNCHANGED = "changed", "unchanged"
_HIDDEN = {SECRET, "(another)"}


@dataclass(frozen=True)
class PlannedField:
    """One field that is not as wanted: ``PlannedField("spec.replicas", wanted=1, seen=2, manager="kubectl-edit")``; None means absent.

    Of a secret one ``secret`` says only whether it would be "changed" or stay "unchanged".
    """

    field: str
    wanted: Any = None
    seen: Any = None
    manager: str = ""
    time: str = ""
    secret: str = ""

    def __str__(self) -> str:
        by = f", written by {self.manager}" + (f" at {self.time}" if self.time else "") if self.manager else ""
        wanted, seen = cut_alike(shown(self.wanted), shown(self.seen), LONGEST)
        return f"{self.field}: " + (self.secret or f"wanted {wanted}, seen {seen}") + by


@dataclass(frozen=True)
class PlannedChange:
    """One thing that a converge would write: ``PlannedChange("change", "Deployment", "keycloak", "keycloak", fields=(…,))``.

    ``action`` is create, change, recreate, prune or conflict; ``kind`` is "setting" for what an admin API holds ("realm thinkube").
    """

    action: str
    kind: str
    name: str
    namespace: str = ""
    api_version: str = ""
    reason: str = ""
    fields: tuple[PlannedField, ...] = ()

    @property
    def is_setting(self) -> bool:
        """Whether an admin API holds it, not the cluster."""
        return self.kind == SETTING

    @property
    def subject(self) -> str:
        """``Deployment keycloak/keycloak``, ``realm thinkube``."""
        return self.name if self.is_setting else " ".join((self.kind, "/".join(filter(None, (self.namespace, self.name)))))

    def as_json(self) -> dict[str, Any]:
        """See docs/reference/plan.md."""
        fields = [{**vars(one), "secret": one.secret or None} for one in self.fields]
        names = {"action": self.action, "kind": self.kind, "apiVersion": self.api_version, "namespace": self.namespace, "name": self.name}
        return {**names, "reason": self.reason, "fields": fields}

    def __str__(self) -> str:
        first = f"{self.action} {self.subject}" + (f": {self.reason}" if self.reason else "")
        return "\n    ".join((first, *map(str, self.fields)))


@dataclass(frozen=True)
class Unknown:
    """What cannot be known yet, and why; ``after`` names the component that has to be there first, "" where it is another trouble.

    ``cause`` and ``next`` are those of the trouble, where it has its own.
    """

    subject: str
    reason: str
    after: str = ""
    cause: str = ""
    next: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"


@dataclass(frozen=True)
class Plan:
    """What a converge of one component would change; false where it is known to be as wanted.

    ``remarks`` are what somebody did on purpose: no change, and nothing that a converge undoes. ``unavailable`` says why it cannot exist
    with this inventory: then a converge changes nothing.
    """

    component: str
    changes: tuple[PlannedChange, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unavailable: str = ""

    def __bool__(self) -> bool:
        return bool(self.changes or self.unknown)

    def __str__(self) -> str:
        return "\n".join((*map(str, self.changes), *(f"cannot be told: {one}" for one in self.unknown)))

    @property
    def is_absent(self) -> bool:
        """Whether something of it is not there at all."""
        return any(change.action == Action.CREATE for change in self.changes)

    def after(self, absent: Sequence[str]) -> Plan:
        """The same where these components, the first needed first, have to be there before more can be known."""
        return replace(self, unknown=tuple(replace(one, after=one.after or absent[0]) for one in self.unknown)) if absent else self

    def as_json(self) -> dict[str, Any]:
        """See docs/reference/plan.md."""
        return {
            "name": self.component,
            "changes": [change.as_json() for change in self.changes],
            "unknown": [vars(one) for one in self.unknown],
            "remarks": [{"subject": one.subject, "text": one.text, "next": one.next_command} for one in self.remarks],
            "unavailable": self.unavailable,
        }


@dataclass(frozen=True)
class Plans:
    """The plans of a run in the order in which its components would converge, and the seconds that making them took."""

    plans: tuple[Plan, ...]
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return any(self.plans)

    @property
    def totals(self) -> dict[str, int]:
        """``{"create": 3, "change": 0, "recreate": 0, "prune": 0, "conflict": 0, "unknown": 1}``."""
        count = Counter(change.action for plan in self.plans for change in plan.changes)
        actions = (Action.CREATE, Action.CHANGE, Action.RECREATE, Action.PRUNE, Action.CONFLICT)
        return {**{str(action): count[action] for action in actions}, "unknown": sum(len(plan.unknown) for plan in self.plans)}

    def as_json(self, platform: str) -> dict[str, Any]:
        """See docs/reference/plan.md; ``platform`` is the inventory's name."""
        return {
            "version": VERSION,
            "platform": platform,
            "seconds": round(self.seconds, 3),
            "totals": self.totals,
            "components": [plan.as_json() for plan in self.plans],
        }


def of_change(change: Change) -> PlannedChange:
    """What comparing found of one Kubernetes object."""
    fields = _paired([_field(difference) for difference in change.differences])
    if change.ref.kind == "Secret" and change.live is not None and change.action is not Action.PRUNE:
        fields = [*(one for one in fields if not one.field.startswith("data")), *_secret_fields(change)]
    other = f"it gets {', '.join(found)}" if (found := replaced(change.live, change.wanted)) else ""
    return _planned(change.action, change.ref, "; ".join(filter(None, (other, change.reason))), fields)


def of_absent(ref: Ref) -> PlannedChange:
    """An object where there is no cluster that could hold it."""
    return _planned(Action.CREATE, ref, "", [])


def of_restart(restart: Restart) -> PlannedChange:
    """A workload that would be restarted."""
    return _planned(Action.CHANGE, restart.workload, f"restart: {restart.reason}", [])


def of_setting(subject: str, differences: Sequence[Difference]) -> PlannedChange:
    """What comparing found of one setting."""
    is_absent = any((one.field, one.seen) == ("", "absent") and one.subject == subject for one in differences)
    fields = () if is_absent else tuple(_field(one, subject) for one in differences)
    return PlannedChange(str(Action.CREATE if is_absent else Action.CHANGE), SETTING, redact(subject), fields=fields)


def shown(value: Any) -> str:
    """A value in a line of text: "absent", ``true``, ``[80, 443]``; words as they are."""
    if value is None:
        return "absent"
    is_plain = isinstance(value, str) and value.strip() == value != "" and value.isprintable()
    return value if is_plain else json.dumps(value, default=str, ensure_ascii=False)


def _planned(action: Action, ref: Ref, reason: str, fields: Sequence[PlannedField]) -> PlannedChange:
    return PlannedChange(str(action), ref.kind, ref.name, ref.namespace, ref.api_version, redact(reason), tuple(fields))


def _field(difference: Difference, subject: str = "") -> PlannedField:
    """``subject`` is what all is about: where a difference is about something else, its field says so."""
    about = difference.subject if subject and difference.subject != subject else ""
    name = " ".join(filter(None, (about, difference.field)))
    if any(isinstance(value, str) and value in _HIDDEN for value in (difference.wanted, difference.seen)):
        return PlannedField(name, manager=difference.manager, time=difference.time, secret=CHANGED)
    wanted, seen = (_clean(value, name.rpartition(".")[2]) for value in (difference.wanted, difference.seen))
    return PlannedField(name, wanted, seen, difference.manager, difference.time)


def _paired(fields: Sequence[PlannedField]) -> list[PlannedField]:
    """Where something goes from a place in a list and something else comes there, that is one change."""
    paired: dict[str, PlannedField] = {}
    rest: list[PlannedField] = []
    for one in fields:
        other = paired.setdefault(one.field, one)
        if other is one:
            continue
        if other.seen is None and one.wanted is None:
            paired[one.field] = replace(one, wanted=other.wanted)
        elif other.wanted is None and one.seen is None:
            paired[one.field] = replace(other, wanted=one.wanted)
        else:
            rest.append(one)
    return [*paired.values(), *rest]


def _secret_fields(change: Change) -> Iterator[PlannedField]:
    """Each key of a Secret that is there: whether its value would be another."""
    seen, wanted = ((obj or {}).get("data") or {} for obj in (change.live, change.wanted))
    differences = {one.field: one for one in change.differences}
    for key in sorted({*seen, *wanted}):
        field = spelled(("data", key))
        found = differences.get(field) or differences.get("data")
        is_changed = key in wanted and wanted[key] != seen.get(key)
        is_lost = key not in wanted and found is not None
        manager, time = (found.manager, found.time) if found else ("", "")
        yield PlannedField(field, manager=manager, time=time, secret=CHANGED if is_changed or is_lost else UNCHANGED)


def _clean(value: Any, name: str) -> Any:
    """Without secrets, at any depth; a field's name may tell that its value is one."""
    if isinstance(value, Mapping):
        return {redact(str(key)): _clean(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, name) for item in value]
    if not isinstance(value, str):
        return value
    if redact(f'"{name}": "x"') != f'"{name}": "x"':
        return MARK
    return redact(value)
