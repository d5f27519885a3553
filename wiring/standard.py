"""The standard promises: written once, and scenarios of every component that has the quality which calls for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_bdd.feature import get_feature
from pytest_bdd.parser import Feature, ScenarioTemplate

from converge.engine.tags import QUALITIES

if TYPE_CHECKING:
    import pytest

    from converge.components.component import Component
    from converge.engine.platform import Platform

FILE = "features/platform/standard.feature"


class Promise(ScenarioTemplate):
    """A standard promise as one component makes it: a scenario of that component's feature, whose lines are those of ``FILE``."""


def feature_of(config: pytest.Config, file: Path) -> Feature:
    """A feature; where it is a component's own, which is called like it, with the standard promises that the component makes.

    Raises:
        GherkinParseError: it, or the file of the standard promises, is no Gherkin.
    """
    feature = get_feature(str(file.parent), file.name)
    if (component := components(config).get(file.stem)) and component.name in feature.tags:
        for promise in promises(feature, component, config.rootpath):
            feature.scenarios.setdefault(promise.name, promise)
    return feature


def components(config: pytest.Config) -> Mapping[str, Component]:
    """Every component that there is; those of the inventory as it has them."""
    session: Any = config.pluginmanager.get_plugin("thinkube")
    platform: Platform = session.platform
    return {**platform.known(), **platform.components}


def promises(feature: Feature, component: Component, root: Path) -> Iterator[Promise]:
    """What a component promises, in the order of ``FILE``; the feature's own background comes first, as with every scenario of it."""
    if not (root / FILE).is_file():
        return
    standard = get_feature(str(root), FILE)
    row = columns(component)
    for outline in standard.scenarios.values():
        if outline.tags & QUALITIES.keys() <= component.qualities:
            yield _filled(outline, feature, row)


def columns(component: Component) -> dict[str, str]:
    """A component's row: ``{"component": "dns", "name": "the DNS", "Name": "The DNS", …}``; with a capital where a sentence begins."""
    name = component.called or component.name
    return {
        "component": component.name,
        "name": name,
        "Name": f"T{name[1:]}" if name.startswith("the ") else name,
        "keepsake": component.keeps,
        "Keepsake": component.keeps.capitalize(),
        "why": component.keeps_nothing,
    }


def _filled(outline: ScenarioTemplate, feature: Feature, values: Mapping[str, str]) -> Promise:
    rendered = outline.render(values)
    made = Promise(feature, "Scenario", rendered.name, outline.line_number, False, outline.description, outline.tags)
    for step in rendered.steps[len(outline.all_background_steps) :]:
        made.add_step(step)
    return made
