"""Cucumber JSON: the older of the two formats that dashboards read.

Source: cucumber-json-schema, github.com/cucumber/cucumber-json-schema.
"""

from __future__ import annotations

import json
import re
from typing import Any

from converge.reporting.results import Attachment, Results, Scenario, ScenarioOutcome, Step

STATUS = {
    ScenarioOutcome.PASSED: "passed",
    ScenarioOutcome.FAILED: "failed",
    ScenarioOutcome.BLOCKED: "failed",
    ScenarioOutcome.UNAVAILABLE: "skipped",
    ScenarioOutcome.NOT_RUN: "skipped",
}
"""Cucumber knows neither "blocked", which makes a run fail, nor "unavailable", which does not."""


def as_json(results: Results) -> bytes:
    """The run as Cucumber JSON."""
    features = []
    for feature in results.features:
        lines = _lines(feature.source)
        elements = [_element(each, lines.get(each.name, each.line)) for each in results.scenarios if each.feature == feature.path]
        features.append(
            {
                "uri": feature.path,
                "id": _identifier(feature.name),
                "keyword": "Feature",
                "name": feature.name,
                "description": feature.description,
                "line": _line_of_feature(feature.source),
                "tags": _tags(feature.tags, 1),
                "elements": elements,
            }
        )
    return json.dumps(features, indent=1, ensure_ascii=False).encode()


def _element(scenario: Scenario, line: int) -> dict[str, Any]:
    steps = [_step(step, scenario) for step in scenario.steps]
    element = {
        "id": _identifier(scenario.nodeid),
        "type": "scenario",
        "keyword": "Scenario",
        "name": scenario.name,
        "description": "",
        "line": line,
        "tags": _tags(scenario.tags, line),
        "steps": steps,
    }
    failure = scenario.failure
    if failure and STATUS[scenario.outcome] not in {step["result"]["status"] for step in steps}:
        # It ended outside its steps: in a fixture before or after them.
        hook = {"match": {}, "result": {"status": STATUS[scenario.outcome], "duration": 0, "error_message": failure.text}}
        element["after" if failure.phase == "teardown" else "before"] = [hook]
    return element


def _step(step: Step, scenario: Scenario) -> dict[str, Any]:
    result: dict[str, Any] = {"status": STATUS[step.outcome], "duration": round(step.seconds * 1e9)}
    if scenario.failure and step.outcome is scenario.outcome is not ScenarioOutcome.PASSED:
        result["error_message"] = scenario.failure.text
    data: dict[str, Any] = {
        "keyword": step.keyword + " ",
        "name": step.text,
        "line": step.line,
        "match": {"location": step.definition},
        "result": result,
    }
    if step.docstring:
        data["doc_string"] = {"value": step.docstring, "content_type": "", "line": step.line + 1}
    if step.table:
        data["rows"] = [{"cells": list(row)} for row in step.table]
    if step.attachments:
        data["embeddings"] = [_embedding(attachment) for attachment in step.attachments]
    return data


def _embedding(attachment: Attachment) -> dict[str, str]:
    return {"mime_type": attachment.media_type, "data": attachment.content, "name": attachment.title}


def _tags(tags: tuple[str, ...], line: int) -> list[dict[str, Any]]:
    return [{"name": f"@{tag}", "line": line} for tag in tags]


def _identifier(text: str) -> str:
    return re.sub(r"\s+", "-", text.strip().lower())


def _lines(source: str) -> dict[str, int]:
    """Where each scenario of a feature stands, by its title; the rows of an outline are called otherwise."""
    found = ((number, re.match(r"\s*Scenario: (.+)", line)) for number, line in enumerate(source.splitlines(), 1))
    return {title[1].strip(): number for number, title in found if title}


def _line_of_feature(source: str) -> int:
    lines = source.splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.lstrip().startswith("Feature:")), 1)
