"""Cucumber JSON and Messages, as Cucumber's own tools read them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cucumber_messages import Envelope
from cucumber_messages.json_converter import JsonDataclassConverter

from converge.reporting import cucumber, messages
from converge.reporting.gherkin_source import feature_of
from converge.reporting.results import Failure, Results, Scenario, ScenarioOutcome, Step

OUTLINE = """\
Feature: Sizes
  Scenario Outline: A volume of <size> is kept
    Given a volume of <size>
    Then it is kept

    Examples:
      | size |
      | 1Gi  |
      | 2Gi  |
"""


def sent(run: Results) -> list[dict]:
    return [json.loads(line) for line in messages.as_ndjson(run).splitlines()]


def kinds(run: Results) -> list[str]:
    return [next(iter(envelope)) for envelope in sent(run)]


def test_every_message_is_one_that_cucumber_knows(make_run) -> None:
    import cucumber_messages

    converter = JsonDataclassConverter(module_scope=cucumber_messages)
    for envelope in sent(make_run()):
        read = converter.from_dict(envelope, Envelope)
        assert converter.to_dict(read) == envelope


def test_each_step_that_is_started_is_finished_and_each_reference_is_known(make_run) -> None:
    known, referred = set(), set()

    def look(value, key="") -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                look(item, name)
        elif isinstance(value, list):
            for item in value:
                look(item, key)
        elif key == "id":
            assert value not in known
            known.add(value)
        elif key.endswith(("Id", "Ids")) and key != "workerId":
            referred.add(value)

    envelopes = sent(make_run())
    look(envelopes)
    assert referred <= known
    started = [each["testStepStarted"]["testStepId"] for each in envelopes if "testStepStarted" in each]
    assert started == [each["testStepFinished"]["testStepId"] for each in envelopes if "testStepFinished" in each]


def test_each_scenario_is_a_test_case_of_its_own_pickle(make_run) -> None:
    run = make_run()
    cases = [envelope["testCase"] for envelope in sent(run) if "testCase" in envelope]
    assert len({case["pickleId"] for case in cases}) == len(cases) == len(run.scenarios)


def test_each_row_of_an_outline_is_its_own_pickle() -> None:
    rows = [
        Scenario(f"f::s[{size}]", "f.feature", 2, f"A volume of {size} is kept", (), ScenarioOutcome.PASSED, steps=(
            Step("Given", f"a volume of {size}", 3, ScenarioOutcome.PASSED), Step("Then", "it is kept", 4, ScenarioOutcome.PASSED)))
        for size in ("1Gi", "2Gi")
    ]  # fmt: skip
    run = Results(0, 1, features=(feature_of("f.feature", OUTLINE),), scenarios=tuple(reversed(rows)))
    envelopes = sent(run)
    names = {each["pickle"]["id"]: each["pickle"]["name"] for each in envelopes if "pickle" in each}
    cases = [names[each["testCase"]["pickleId"]] for each in envelopes if "testCase" in each]
    assert cases == ["A volume of 2Gi is kept", "A volume of 1Gi is kept"]


@pytest.mark.parametrize(("phase", "place"), [("setup", 0), ("teardown", -1)])
def test_what_failed_outside_the_steps_is_a_hook_in_both_formats(make_run, phase: str, place: int) -> None:
    run = make_run(is_bad=False)
    broken = replace(run.scenarios[0], outcome=ScenarioOutcome.FAILED, failure=Failure("no room", phase=phase))
    run = replace(run, scenarios=(broken,))
    envelopes = sent(run)
    hook = next(each["hook"] for each in envelopes if "hook" in each)
    case = next(each["testCase"] for each in envelopes if "testCase" in each)
    assert case["testSteps"][place]["hookId"] == hook["id"]
    element = json.loads(cucumber.as_json(run))[0]["elements"][0]
    assert element["before" if phase == "setup" else "after"][0]["result"]["error_message"] == "no room"


def test_blocked_fails_and_unavailable_does_not(make_run) -> None:
    elements = [element for feature in json.loads(cucumber.as_json(make_run())) for element in feature["elements"]]
    status = {element["name"]: [step["result"]["status"] for step in element["steps"]] for element in elements}
    assert status["Every workload of gitea is ready"] == ["failed", *["skipped"] * 4]
    assert status["Every workload of gpu-operator is ready"] == ["skipped"] * 5
    assert status["Every workload of minio is ready"] == ["passed"] * 5


def test_a_screenshot_is_embedded_where_it_was_taken(make_run) -> None:
    elements = [element for feature in json.loads(cucumber.as_json(make_run())) for element in feature["elements"]]
    step = next(element for element in elements if element["name"].startswith("A person signs in to keycloak"))["steps"][2]
    assert step["embeddings"][0]["mime_type"] == "image/png"
    assert kinds(make_run()).count("attachment") == 7
