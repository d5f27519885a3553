"""Everything that a platform consists of, as rows: what it is, how it was hurt, and whether a plain run put it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hurts
from hurts import Impossible
from place import Done, Place, until

from converge.components.terms import Data
from converge.errors import ThinkubeError
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.rollback import claims

RESULTS = Path("build/faults/heal.json")
TAKEN = "taken away"


@dataclass
class Row:
    """One thing of one component, and what came of hurting it; ``seen`` is empty until then."""

    component: str
    subject: str
    hurt: str
    batch: str
    inflict: Callable[[], None] | Impossible = field(repr=False)
    ref: Ref | None = None
    loses: tuple[str, ...] = ()
    """What cannot come back and has to be named as lost."""
    seen: str = ""
    outcome: str = ""

    def as_json(self) -> dict[str, str]:
        names = ("component", "subject", "hurt", "batch", "seen", "outcome")
        return {name: str(getattr(self, name)) for name in names}


def rows(place: Place, names: Sequence[str]) -> Iterator[Row]:
    """A row for each object (deleted, emptied), generated Secret, volume and setting of some components."""
    for name in names:
        component = place.platform.component(name)
        objects = list(component.objects(place.platform.context))
        volumes = [Ref.of(claim | {"kind": "PersistentVolumeClaim", "apiVersion": "v1"}) for claim in claims(place.api, name, objects)]
        for obj in objects:
            ref = Ref.of(obj)
            loses = tuple(str(volume) for volume in volumes if ref.kind == "Namespace" and volume.namespace == ref.name)
            yield Row(name, str(ref), "deleted", hurts.batch_of(ref), _deletion(place, ref), ref, loses)
            yield Row(name, str(ref), "emptied", "emptied", _emptying(place, ref, obj), ref)
        for secret in component.secrets():
            ref = Ref("Secret", secret.name, secret.namespace, "v1")
            yield Row(name, str(ref), "deleted", "secrets", _deletion(place, ref), ref)
            yield Row(name, str(ref), "emptied", "secrets emptied", _emptying(place, ref, {}), ref)
        for ref in volumes:
            yield Row(name, str(ref), "deleted with its pod", "data", _loss(place, ref), loses=(str(ref),))
        context, access = place.platform.context, place.platform.access
        for setting in reversed([*component.prerequisites(context, access), *component.settings(context, access)]):
            kind = type(setting).__name__
            is_data = isinstance(setting, Data) and setting.is_data
            batch = "realm" if kind == "RealmItself" else "data" if is_data else "settings"
            loses = (setting.subject,) if batch in ("realm", "data") else ()
            yield Row(name, setting.subject, TAKEN, batch, hurts.take(setting), loses=loses)


def inflict(place: Place, chosen: Sequence[Row]) -> None:
    """Hurt them all at once, and wait until what was deleted is gone, as `kubectl delete` does.

    Settings are taken from above, and before volumes: whoever holds them is not hurt before what is reached through it.
    """
    todo = [row for row in chosen if callable(row.inflict)]
    order = place.platform.graph.order
    settings = sorted((row for row in todo if row.ref is None), key=lambda row: (row.hurt != TAKEN, -order.index(row.component)))
    for row in settings:
        row.inflict()  # type: ignore[operator]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda row: row.inflict(), [row for row in todo if row.ref is not None]))  # type: ignore[operator]


def judge(place: Place, chosen: Sequence[Row], before: dict[str, Any], after: dict[str, Any], done: Done, plans: dict[str, str]) -> None:
    """Say of each row what was seen."""
    for row in chosen:
        if isinstance(row.inflict, Impossible):
            row.seen, row.outcome = row.inflict.reason, "not tried"
            continue
        outcome = done.outcomes.get(row.component)
        key = f"{row.component}: {row.ref.kind} {row.ref.namespace}/{row.ref.name}" if row.ref else ""
        if outcome is None or outcome.result != "converged":
            row.seen = " ".join((outcome.text if outcome else "no outcome").split())[:300]
        elif key and after.get(key) != before.get(key):
            row.seen = "not as before: " + difference(before.get(key), after.get(key))
        elif unnamed := [subject for subject in row.loses if not any(one.startswith(f"{subject},") for one in outcome.lost)]:
            row.seen = f"back, but nothing says that the data of {unnamed} is lost"
        elif row.subject in plans[row.component]:
            row.seen = "still to do: " + " ".join(plans[row.component].split())[:300]
        else:
            row.seen = next((change for change in outcome.changes if row.subject in change), "put back with its component")
            row.seen += ", named as lost data" if row.loses else ""
            row.outcome = "kept"
            continue
        row.outcome = "broken"


def difference(before: Any, after: Any, where: str = "") -> str:
    """The first places at which two states of an object are not the same."""
    if isinstance(before, dict) and isinstance(after, dict):
        parts = (difference(before.get(key), after.get(key), f"{where}.{key}") for key in sorted({*before, *after}))
        return "; ".join(part for part in parts if part)[:300]
    return "" if before == after else f"{where.lstrip('.') or 'it'} was {str(before)[:80]}, is {str(after)[:80]}"


def keep(chosen: Sequence[Row], root: Path) -> None:
    """Write rows into the table, beside those of earlier runs."""
    path = root / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= {f"{row.component}: {row.subject} {row.hurt}": row.as_json() for row in chosen}
    path.write_text(json.dumps(known, indent=1) + "\n")
    lines = ["| component | what | hurt | seen | outcome |", "|---|---|---|---|---|"]
    lines += [
        "| " + " | ".join(row[name].replace("|", "/") for name in ("component", "subject", "hurt", "seen", "outcome")) + " |"
        for row in known.values()
    ]
    path.with_suffix(".md").write_text("\n".join(lines) + "\n")


def _version(ref: Ref) -> str:
    return ref.api_version if "/" in ref.api_version else ""


def _deletion(place: Place, ref: Ref) -> Callable[[], None]:
    def delete() -> None:
        place.api.delete(ref.kind, ref.name, ref.namespace, propagation="Background", api_version=_version(ref))
        until(lambda: _find(place, ref) is None, f"{ref} to be gone")

    return delete


def _find(place: Place, ref: Ref) -> KubernetesObject | None:
    try:
        return place.api.find(ref.kind, ref.name, ref.namespace, api_version=_version(ref))
    except ThinkubeError:  # the kind went with its definition
        return None


def _emptying(place: Place, ref: Ref, obj: KubernetesObject) -> Callable[[], None] | Impossible:
    patch = hurts.emptied(ref, obj)
    if isinstance(patch, Impossible):
        return patch

    def empty() -> None:
        place.api.patch(ref.kind, ref.name, ref.namespace, dict(patch), api_version=_version(ref))

    return empty


def _loss(place: Place, ref: Ref) -> Callable[[], None]:
    """The claim and every pod that uses it: only then does it go, and its volume with it."""

    def lose() -> None:
        uid = place.api.get(ref.kind, ref.name, ref.namespace)["metadata"]["uid"]
        place.api.delete(ref.kind, ref.name, ref.namespace)
        for pod in place.api.list("Pod", ref.namespace):
            volumes = pod["spec"].get("volumes", ())
            if any(volume.get("persistentVolumeClaim", {}).get("claimName") == ref.name for volume in volumes):
                place.api.delete("Pod", pod["metadata"]["name"], ref.namespace)

        def is_gone() -> bool:
            found = place.api.find(ref.kind, ref.name, ref.namespace)
            return found is None or found["metadata"]["uid"] != uid

        until(is_gone, f"{ref} to be gone")

    return lose


__all__ = ["ApiRefused", "Row", "difference", "inflict", "judge", "keep", "rows"]
