"""The vocabulary: every phrase that a feature uses means one thing, and every phrase that is defined is used."""

from __future__ import annotations

import importlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from pytest_bdd.feature import get_feature
from pytest_bdd.parser import Feature
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from converge.engine.tags import AREAS, KINDS, QUALITIES, known_tags, tag_faults
from wiring import standard

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "features").rglob("*.feature"))
EMPTY_ROWS = re.compile(r"^\n    Examples:\n      \|[^\n]*\|\n(?!      \|)", flags=re.MULTILINE)
"""What the outlines of the standard promises end with: their rows are the components."""


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.fixture(scope="module")
def features(platform_table) -> dict[str, Feature]:
    """Every feature, a component's own with its standard promises."""
    found = {}
    for file in FILES:
        feature = replace(get_feature(str(file.parent), file.name))
        feature.scenarios = feature.scenarios.copy()
        if file.stem in platform_table:
            feature.scenarios |= {one.name: one for one in standard.promises(feature, platform_table[file.stem], ROOT)}
        found[name_of(file)] = feature
    return found


@pytest.fixture(scope="module")
def modules() -> dict[str, ModuleType]:
    """Every file of steps/, by its path."""
    files = [file for file in sorted((ROOT / "steps").rglob("*.py")) if file.stem != "__init__"]
    return {name_of(file): importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files}


@pytest.fixture(scope="module")
def definitions(modules) -> dict[str, StepFunctionContext]:
    """Every definition of steps/, by where it stands."""
    found = {}
    for file, module in modules.items():
        for fixture in vars(module).values():
            function = getattr(fixture, "_fixture_function", None) or getattr(fixture, "__wrapped__", None)
            if function is not None and (context := step_function_context_registry.get(function)) is not None:
                found[f"{file}: {context.type or 'step'} {context.parser.name}"] = context
    assert found
    return found


def phrases(features: dict[str, Feature]) -> Iterator[tuple[str, str, str]]:
    """Every step as it will be run: where, its type, its text."""
    for file, feature in features.items():
        for template in feature.scenarios.values() if file != standard.FILE else ():
            rows = [row for examples in template.examples for row in examples.as_contexts()] or [{}]
            for row in rows:
                for step in template.render(row).steps:
                    yield f"{file}:{step.line_number}", step.type, step.name


def matching(definitions: dict[str, StepFunctionContext], kind: str, text: str) -> list[str]:
    return [where for where, context in definitions.items() if context.type in (None, kind) and context.parser.is_matching(text)]


def test_every_step_matches_exactly_one_definition(features, definitions) -> None:
    faults = []
    for where, kind, text in phrases(features):
        found = matching(definitions, kind, text)
        if len(found) != 1:
            faults.append(f"{where}: {kind} {text}: " + (f"{len(found)} definitions: {', '.join(found)}" if found else "no definition"))
    assert not faults, "\n".join(dict.fromkeys(faults))


def test_every_definition_is_used(features, definitions) -> None:
    used = {where for _, kind, text in phrases(features) for where in matching(definitions, kind, text)}
    assert not sorted(set(definitions) - used)


def test_every_title_is_unique_in_the_project(features) -> None:
    titles: dict[str, list[str]] = defaultdict(list)
    for file, feature in features.items():
        titles[feature.name].append(file)
        for title in feature.scenarios:
            titles[title].append(file)
    assert not {title: files for title, files in titles.items() if len(files) > 1}


def test_no_title_is_used_twice_in_one_file() -> None:
    for file in FILES:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        titles = Counter(line for line in lines if line.startswith(("Scenario:", "Scenario Outline:")))
        assert not [title for title, count in titles.items() if count > 1], file


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_feature_has_one_area_one_component_and_its_issue(file: Path, platform_table) -> None:
    feature = get_feature(str(file.parent), file.name)
    assert len(feature.tags & set(AREAS)) == 1
    assert feature.tags & set(AREAS) == {file.parent.name}
    names = feature.tags & set(platform_table)
    if file.parent.name == "platform":
        assert not feature.tags - {"platform"} - set(KINDS), "a promise across components belongs to none of them"
        return
    assert len(names) == 1, f"one component tag, not {sorted(names)}"
    name = names.pop()
    assert file.stem == name or file.stem.startswith(f"{name}-"), "a feature is called like its component: keycloak, keycloak-logins"
    assert platform_table[name].issue in feature.tags
    assert not feature.tags - set(AREAS) - set(KINDS) - {name, platform_table[name].issue}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_tag_means_something(file: Path, platform_table) -> None:
    feature = get_feature(str(file.parent), file.name)
    tags = [(template.line_number, tag) for template in feature.scenarios.values() for tag in template.tags]
    faults = tag_faults(name_of(file), tags, known_tags(platform_table.values()))
    assert not faults, "\n".join(str(fault) for fault in faults)
    qualities = set(QUALITIES) if name_of(file) == standard.FILE else set()
    assert {tag for _, tag in tags} <= set(KINDS) | qualities, "scenarios carry kinds, standard promises also what they are made for"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_feature_reads_as_a_specification(file: Path) -> None:
    feature = get_feature(str(file.parent), file.name)
    faults = []
    text = file.read_text(encoding="utf-8")
    if len(EMPTY_ROWS.sub("", text).splitlines()) > 100:
        faults.append("longer than 100 lines")
    if not feature.description.strip():
        faults.append("no introduction")
    if feature.background:
        faults += [f"line {step.line_number}: Background holds only Given" for step in feature.background.steps if step.type != "given"]
    for title, template in feature.scenarios.items():
        own = template._steps
        order = [("given", "when", "then").index(step.type) for step in own]
        if order != sorted(order):
            faults.append(f"{title}: Given, When, Then in this order")
        if sum(step.type == "when" for step in own) > 1:
            faults.append(f"{title}: more than one When")
        if len(own) > 7:
            faults.append(f"{title}: {len(own)} steps")
        if not any(step.type == "then" for step in own):
            faults.append(f"{title}: observes nothing")
        if any(word in step.name for step in own for word in ("http://", "https://", "sleep", "namespace", "selector")):
            faults.append(f"{title}: names what only the harness should know")
    assert not faults, "\n".join(faults)


def test_every_component_has_its_feature(platform_table) -> None:
    assert not set(platform_table) - {file.stem for file in FILES}


@pytest.fixture(scope="module")
def platform_table():
    from converge.engine.platform import Platform

    return Platform.known()
