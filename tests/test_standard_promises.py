"""The standard promises: written once in plain Gherkin, made by every component that has the quality, with a keepsake where one is kept."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition
from pytest_bdd.feature import get_feature
from pytest_bdd.parser import Feature, ScenarioTemplate

from converge.components.component import Component
from converge.engine.platform import Platform
from converge.engine.tags import QUALITIES
from steps.keepsakes import name_of
from wiring import standard

ROOT = Path(__file__).resolve().parents[1]
COLUMN = re.compile(r"<(.+?)>")
COMPONENTS = Platform.known()

every_component = pytest.mark.parametrize("component", COMPONENTS.values(), ids=list(COMPONENTS))


def outlines() -> Mapping[str, ScenarioTemplate]:
    return get_feature(str(ROOT), standard.FILE).scenarios


def feature_of(component: Component) -> Feature:
    (file,) = (ROOT / "features").glob(f"*/{component.name}.feature")
    return get_feature(str(file.parent), file.name)


def promised(component: Component) -> list[standard.Promise]:
    return list(standard.promises(feature_of(component), component, ROOT))


@pytest.mark.parametrize("outline", outlines().values(), ids=list(outlines()))
def test_an_outline_has_the_columns_that_it_uses_and_no_row(outline: ScenarioTemplate) -> None:
    used = {"component"} | set(COLUMN.findall(" ".join([outline.name, *(step.name for step in outline.steps)])))
    (examples,) = outline.examples
    assert (set(examples.example_params), examples.examples) == (used, [])


def test_only_standard_promises_are_outlines_without_rows() -> None:
    others = [file for file in (ROOT / "features").rglob("*.feature") if str(file.relative_to(ROOT)) != standard.FILE]
    outlined = [one for file in others for one in get_feature(str(file.parent), file.name).scenarios.values() if one.templated]
    assert outlined
    assert not [one.name for one in outlined if not all(examples.examples for examples in one.examples)]


def test_each_promise_is_made_by_a_component_and_each_quality_has_one() -> None:
    made = {one.line_number for component in COMPONENTS.values() for one in promised(component)}
    assert not [outline.name for outline in outlines().values() if outline.line_number not in made]
    assert not QUALITIES.keys() - {tag for outline in outlines().values() for tag in outline.tags}


@every_component
def test_a_component_promises_by_existing(component: Component) -> None:
    assert component.qualities <= QUALITIES.keys()
    titles = [one.name for one in promised(component)]
    assert titles[-1] == f"A second converge of {component.called or component.name} changes nothing"
    assert not [one.name for one in promised(component) if COLUMN.search(" ".join([one.name, *(step.name for step in one.steps)]))]


@every_component
def test_its_feature_begins_where_the_promises_begin(component: Component) -> None:
    """The background of the standard promises is the beginning of the component's own, which takes its place."""
    wanted = [step.name.replace("<component>", component.name) for step in get_feature(str(ROOT), standard.FILE).background.steps]
    assert [step.name for step in feature_of(component).background.steps][: len(wanted)] == wanted


@every_component
def test_a_component_keeps_something_or_says_why_there_is_nothing_to_lose(component: Component) -> None:
    if component.is_machine:
        assert not component.keeps + component.keeps_nothing, "machines keep what their components keep"
        return
    assert bool(component.keeps) != bool(component.keeps_nothing), "what does a user leave behind in it, or why nothing?"
    assert component.keeps == component.keeps.lower()
    assert not component.keeps_nothing or len(component.keeps_nothing.split()) > 3, "in words, please"


@every_component
def test_a_component_has_a_keepsake_that_promises_use(component: Component) -> None:
    stem = component.name.replace("-", "_")
    if component.is_machine:
        assert not (ROOT / "steps" / "keepsakes" / f"{stem}.py").exists()
        return
    module = importlib.import_module(f"steps.keepsakes.{stem}")
    fixtures = [one.name for one in vars(module).values() if isinstance(one, FixtureFunctionDefinition)]
    assert fixtures == [name_of(component.name)]
    assert [one for one in promised(component) if {"keepsake", "nothing-to-lose"} & one.tags]


@every_component
def test_every_host_is_certified_by_a_scenario(component: Component) -> None:
    """Also that of the ingress, which is there before there is an issuer: cert-manager promises that one."""
    files = [get_feature(str(file.parent), file.name) for file in (ROOT / "features").rglob("*.feature")]
    asked = {step.name for feature in files for one in feature.scenarios.values() for step in one.steps}
    asked |= {step.name for one in promised(component) for step in one.steps}
    assert not component.endpoints() or f'every host of "{component.name}" presents a certificate from the platform\'s issuer' in asked
