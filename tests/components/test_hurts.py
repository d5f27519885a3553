"""The table of `tests/faults/test_heal.py` has a row for everything of every component: a kind that nobody thought of fails here."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from converge.components import COMPONENTS
from converge.components.component import Component
from converge.components.terms import Context, Setting
from converge.http import session
from converge.inventory import Inventory
from converge.kubernetes.objects import Ref
from converge.places import cache_folder

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

import hurts

ContextOf = Callable[..., Context]

every_component = pytest.mark.parametrize("component", [pytest.param(kind(Inventory()), id=kind.name) for kind in COMPONENTS])


@every_component
def test_every_object_is_deleted_by_one_batch_and_can_be_emptied(component: Component, context: ContextOf) -> None:
    for obj in component.objects(_real_releases(context())):
        ref = Ref.of(obj)
        assert hurts.batch_of(ref) in ("configuration", "secrets", "workloads", "entrances", "definitions", "namespaces")
        assert hurts.emptied(ref, obj)


@every_component
def test_every_field_that_can_be_emptied_is_stated(component: Component, context: ContextOf) -> None:
    """What nobody says is not repaired: a Deployment without ``replicas`` stayed at 0."""
    for obj in component.objects(_real_releases(context())):
        patch = hurts.emptied(Ref.of(obj), obj)
        if not isinstance(patch, hurts.Impossible):
            hurt = {field for field, value in patch.get("spec", {}).items() if value is not None}
            assert hurt <= {*obj.get("spec", {})}, Ref.of(obj)


@every_component
def test_every_setting_can_be_taken_away_or_says_why_not(component: Component, context: ContextOf) -> None:
    for setting in _settings(component, context()):
        assert hurts.take(setting)


def test_a_kind_that_nobody_thought_of_says_what_to_do() -> None:
    with pytest.raises(LookupError, match=r"say in EMPTIED of .* how a Widget.example.org is emptied"):
        hurts.emptied(Ref("Widget", "one", "", "example.org/v1"), {})


def test_a_setting_that_nobody_thought_of_says_what_to_do() -> None:
    with pytest.raises(LookupError, match=r"how a SimpleNamespace \(colour blue\) is taken away, or give it remove"):
        hurts.take(SimpleNamespace(subject="colour blue"))  # type: ignore[arg-type]


def _real_releases(context: Context) -> Context:
    """The pinned releases where this machine has them already: they hold more kinds than the small ones."""
    return replace(context, release=lambda name: _cached(name) or context.release(name))


def _cached(name: str) -> Path | None:
    return next((path.parent for path in (cache_folder() / "releases" / name).glob("*/entry.json")), None)


def _settings(component: Component, context: Context) -> Iterator[Setting]:
    nodes = [SimpleNamespace(name="control", role="control"), SimpleNamespace(name="worker-1", role="worker")]
    access: Any = SimpleNamespace(
        http=session({}, ""), secret=lambda *_: "", execute=None, provider=None, cluster=lambda: SimpleNamespace(nodes=nodes), api=None
    )
    yield from component.prerequisites(context, access)
    yield from component.settings(context, access)
