"""Cucumber Messages: the protocol that Cucumber's own tools read, one JSON object a line.

Source: messages.schema.json of github.com/cucumber/messages, release 34.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Sequence
from itertools import count

from gherkin.stream.id_generator import IdGenerator

from converge.reporting.cucumber import STATUS
from converge.reporting.environment import product_version
from converge.reporting.gherkin_source import Envelope, parsed
from converge.reporting.results import Attachment, Failure, Results, Scenario, ScenarioOutcome, Step

PROTOCOL = "34.2.0"


def as_ndjson(results: Results) -> bytes:
    """The run as Cucumber Messages."""
    return b"".join(json.dumps(envelope, ensure_ascii=False).encode() + b"\n" for envelope in envelopes(results))


def envelopes(results: Results) -> Iterator[Envelope]:
    """Each message of the run, in the order in which a live run would send them."""
    yield {"meta": _meta()}
    names = IdGenerator()
    pickles: list[Envelope] = []
    for feature in results.features:
        for envelope in parsed(feature.path, feature.source, names):
            if pickle := envelope.get("pickle"):
                pickles.append(pickle)
            yield envelope
    yield from _Run(results, _Pickles(pickles)).envelopes()


class _Run:
    """Writes what ran, with names of its own for each test case and step."""

    def __init__(self, results: Results, pickles: _Pickles) -> None:
        self._results = results
        self._pickles = pickles
        self._numbers = count(1)
        self._definitions: dict[str, str] = {}
        self._hooks: dict[str, str] = {}

    def envelopes(self) -> Iterator[Envelope]:
        run = self._name()
        yield {"testRunStarted": {"id": run, "timestamp": _timestamp(self._results.started_at)}}
        for scenario in self._results.scenarios:
            if pickle := self._pickles.of(scenario):
                yield from self._scenario(scenario, pickle, run)
        finished = _timestamp(self._results.started_at + self._results.seconds)
        yield {"testRunFinished": {"success": self._results.exit_code == 0, "timestamp": finished, "testRunStartedId": run}}

    def _scenario(self, scenario: Scenario, pickle: Envelope, run: str) -> Iterator[Envelope]:
        for step in scenario.steps:
            yield from self._definition(step)
        steps = [
            ({"id": self._name(), "pickleStepId": target["id"], **self._match(step)}, step)
            for step, target in zip(scenario.steps, pickle["steps"], strict=False)
        ]
        outside = scenario.failure if scenario.failure and all(step.outcome != scenario.outcome for step in scenario.steps) else None
        if outside:
            yield from self._hook(outside.phase)
            hook_step = ({"id": self._name(), "hookId": self._hooks[outside.phase]}, _phase_step(scenario, outside))
            steps.insert(len(steps) if outside.phase == "teardown" else 0, hook_step)
        case, started = self._name(), self._name()
        yield {"testCase": {"id": case, "pickleId": pickle["id"], "testRunStartedId": run, "testSteps": [test for test, _ in steps]}}
        begun: Envelope = {"id": started, "attempt": 0, "testCaseId": case, "timestamp": _timestamp(scenario.started_at)}
        yield {"testCaseStarted": begun | ({"workerId": scenario.worker} if scenario.worker else {})}
        now = scenario.started_at
        for test, step in steps:
            now = step.started_at or now
            yield {"testStepStarted": {"testCaseStartedId": started, "testStepId": test["id"], "timestamp": _timestamp(now)}}
            for attachment in step.attachments:
                yield {"attachment": {"testCaseStartedId": started, "testStepId": test["id"], **_attachment(attachment)}}
            now += step.seconds
            yield {
                "testStepFinished": {
                    "testCaseStartedId": started,
                    "testStepId": test["id"],
                    "testStepResult": _result(step, scenario),
                    "timestamp": _timestamp(now),
                }
            }
        ended = _timestamp(scenario.started_at + scenario.waited_s + scenario.seconds)
        yield {"testCaseFinished": {"testCaseStartedId": started, "timestamp": ended, "willBeRetried": False}}

    def _definition(self, step: Step) -> Iterator[Envelope]:
        if step.definition and step.definition not in self._definitions:
            name = self._definitions[step.definition] = self._name()
            pattern = {"source": step.text, "type": "REGULAR_EXPRESSION"}
            yield {"stepDefinition": {"id": name, "pattern": pattern, "sourceReference": _reference(step.definition)}}

    def _match(self, step: Step) -> Envelope:
        names = [self._definitions[step.definition]] if step.definition else []
        return {"stepDefinitionIds": names, "stepMatchArgumentsLists": [{"stepMatchArguments": []} for _ in names]}

    def _hook(self, phase: str) -> Iterator[Envelope]:
        if phase not in self._hooks:
            name = self._hooks[phase] = self._name()
            kind = "AFTER_TEST_CASE" if phase == "teardown" else "BEFORE_TEST_CASE"
            yield {"hook": {"id": name, "name": phase, "type": kind, "sourceReference": {"uri": "conftest.py"}}}

    def _name(self) -> str:
        return f"r{next(self._numbers)}"


class _Pickles:
    """Finds a scenario's pickle: by its file and title, and for the rows of an outline that are called alike by what the steps say."""

    def __init__(self, pickles: Sequence[Envelope]) -> None:
        self._titles: dict[tuple[str, str], list[Envelope]] = {}
        for pickle in pickles:
            self._titles.setdefault((pickle["uri"], pickle["name"]), []).append(pickle)

    def of(self, scenario: Scenario) -> Envelope | None:
        found = self._titles.get((scenario.feature, scenario.name), [])
        texts = [step.text for step in scenario.steps]
        return next((pickle for pickle in found if [step["text"] for step in pickle["steps"]] == texts), found[0] if found else None)


def _phase_step(scenario: Scenario, failure: Failure) -> Step:
    return Step("", failure.phase, 0, scenario.outcome, scenario.started_at)


def _result(step: Step, scenario: Scenario) -> Envelope:
    result: Envelope = {"status": STATUS[step.outcome].upper(), "duration": _timestamp(step.seconds)}
    if scenario.failure and step.outcome is scenario.outcome is not ScenarioOutcome.PASSED:
        result["message"] = scenario.failure.text
        if step.outcome is ScenarioOutcome.FAILED:
            result["exception"] = {"type": "AssertionError", "message": scenario.failure.seen or scenario.failure.text}
    return result


def _attachment(attachment: Attachment) -> Envelope:
    encoding = "IDENTITY" if attachment.is_text else "BASE64"
    return {"body": attachment.content, "contentEncoding": encoding, "mediaType": attachment.media_type, "fileName": attachment.title}


def _reference(definition: str) -> Envelope:
    file, _, line = definition.rpartition(":")
    return {"uri": file, "location": {"line": int(line)}} if line.isdigit() else {"uri": definition}


def _timestamp(seconds: float) -> Envelope:
    nanos = round(seconds * 1e9)
    return {"seconds": nanos // 10**9, "nanos": nanos % 10**9}


def _meta() -> Envelope:
    return {
        "protocolVersion": PROTOCOL,
        "implementation": {"name": "thinkube", "version": product_version()},
        "runtime": {"name": platform.python_implementation(), "version": platform.python_version()},
        "os": {"name": platform.system(), "version": platform.release()},
        "cpu": {"name": platform.machine()},
    }
