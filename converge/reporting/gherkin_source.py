"""Feature files as text: what their heads say, what is written elsewhere and belongs to them, and what Cucumber's parser makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gherkin.stream.gherkin_events import GherkinEvents
from gherkin.stream.id_generator import IdGenerator

from converge.reporting.results import Feature, Scenario, Step

Envelope = dict[str, Any]
"""A Cucumber message: its kind and its content."""


def parsed(path: str, text: str, names: IdGenerator | None = None) -> Iterator[Envelope]:
    """The messages of one file: source, gherkinDocument and a pickle a scenario, or what is wrong with it.

    ``names`` keeps what several files name apart.
    """
    events = GherkinEvents(GherkinEvents.Options(print_source=True, print_ast=True, print_pickles=True))
    if names is not None:
        events.id_generator = events.parser.ast_builder.id_generator = events.compiler.id_generator = names
    for envelope in events.enum({"source": {"uri": path, "data": text, "mediaType": "text/x.cucumber.gherkin+plain"}}):
        yield dict(envelope)


def feature_of(path: str, text: str, promises: Sequence[Scenario] = ()) -> Feature:
    """``feature_of("features/core/minio.feature", text)``; a file that cannot be parsed has its path for a name.

    ``promises`` are scenarios of the feature that are written elsewhere; its source has them at its end, as if they stood there.
    """
    head: Any = next((found["gherkinDocument"]["feature"] for found in parsed(path, text) if "gherkinDocument" in found), None) or {}
    tags = tuple(tag["name"].lstrip("@") for tag in head.get("tags", ()))
    description = "\n".join(line.strip() for line in head.get("description", "").strip().splitlines())
    background = sum(len(child["background"]["steps"]) for child in head.get("children", ()) if "background" in child)
    added = [_gherkin(promise, tags, background) for promise in promises]
    return Feature(path, head.get("name") or path, description, tags, "\n\n".join((text.rstrip("\n"), *added)) + "\n" if added else text)


def _gherkin(scenario: Scenario, tags: Sequence[str], background: int) -> str:
    own = " ".join(f"@{tag}" for tag in scenario.tags if tag not in tags)
    lines = [f"# {scenario.written}:{scenario.line}", *([own] if own else []), f"Scenario: {scenario.name}"]
    return "\n".join([*(f"  {line}" for line in lines), *(_step(step) for step in scenario.steps[background:])])


def _step(step: Step) -> str:
    rows = "".join(f"\n      | {' | '.join(row)} |" for row in step.table)
    return f"    {step.keyword} {step.text}{rows}"
