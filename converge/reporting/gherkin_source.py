"""Feature files as text: what their heads say, and what Cucumber's parser makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gherkin.stream.gherkin_events import GherkinEvents
from gherkin.stream.id_generator import IdGenerator

from converge.reporting.results import Feature

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


def feature_of(path: str, text: str) -> Feature:
    """``feature_of("features/core/minio.feature", text)``; a file that cannot be parsed has its path for a name."""
    head: Any = next((found["gherkinDocument"]["feature"] for found in parsed(path, text) if "gherkinDocument" in found), None) or {}
    tags = tuple(tag["name"].lstrip("@") for tag in head.get("tags", ()))
    description = "\n".join(line.strip() for line in head.get("description", "").strip().splitlines())
    return Feature(path, head.get("name") or path, description, tags, text)
