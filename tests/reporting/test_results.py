"""A run as data: it travels, and what is written of it is clean."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converge.redaction import REDACTOR
from converge.reporting import cucumber, document, messages
from converge.reporting.history import History
from converge.reporting.results import Results, ScenarioOutcome, as_json, cleaned, from_json, scenario_data, scenario_from

CANARY = "c4nary-S3cret/Value+9"
AWKWARD = ["<script>alert(1)</script>", "]]>", "</style>", "a & b", "{{ 7 * 7 }}", "\x1b[31mred\x1b[0m", "Feature: \n Scenario:", "a\r\nb"]
st.register_type_strategy(str, st.text(max_size=30) | st.sampled_from(AWKWARD))
st.register_type_strategy(float, st.floats(min_value=0, max_value=2e9))


def _few(kind: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """Tuples within tuples within tuples need not be long to be of every shape."""
    kinds = [st.from_type(one) for one in get_args(kind) if one is not ...]
    return st.lists(*kinds, max_size=3).map(tuple) if ... in get_args(kind) else st.tuples(*kinds)


st.register_type_strategy(tuple, _few)


@settings(max_examples=50)
@given(st.from_type(Results))
def test_any_run_comes_back_from_its_json(run: Results) -> None:
    assert from_json(as_json(run)) == run


@settings(max_examples=50)
@given(st.from_type(Results))
def test_any_scenario_travels_between_processes(run: Results) -> None:
    travelled = [scenario_from(json.loads(json.dumps(scenario_data(scenario)))) for scenario in run.scenarios]
    assert travelled == list(cleaned(run).scenarios)


@settings(max_examples=50)
@given(st.from_type(Results))
def test_any_run_can_be_written_in_every_format(run: Results) -> None:
    run = cleaned(run)
    document.as_html(run, History().with_run(run)).encode()
    json.loads(cucumber.as_json(run))
    for line in messages.as_ndjson(run).split(b"\n"):
        assert not line or json.loads(line)


def everywhere(run: Results) -> str:
    run = cleaned(run)
    history = History().with_run(run)
    return "".join(
        (document.as_html(run, history), cucumber.as_json(run).decode(), messages.as_ndjson(run).decode(), as_json(run).decode())
    )


def filled(value: object, text: str) -> object:
    """The same data with a text in every place that takes one."""
    if isinstance(value, dict):
        kept = {"outcome", "result", "media_type", "content"}
        return {key: item if key in kept else filled(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, text) for item in value]
    return f"{value} {text}" if isinstance(value, str) else value


@pytest.fixture
def canary():
    before = REDACTOR._forms, REDACTOR._values
    REDACTOR.add(CANARY)
    yield CANARY
    REDACTOR._forms, REDACTOR._values = before


def test_a_secret_stands_nowhere_whatever_text_it_came_in(make_run, canary: str) -> None:
    data = filled(json.loads(as_json(make_run())), f"token={canary} ")
    text = everywhere(from_json(json.dumps(data).encode()))
    assert text.count("(secret)") > 1000
    for form in (canary, canary.replace("/", "\\/"), canary.replace("+", "%2B"), canary[3:-3]):
        assert form not in text


def test_markup_in_any_text_stays_text(make_run) -> None:
    data = filled(json.loads(as_json(make_run())), "<img src=x onerror=alert(1)></script><!-- {{ 7*7 }}\" ' ")
    page = document.as_html(cleaned(from_json(json.dumps(data).encode())), History())
    assert "<img src=x" not in page
    assert page.count("</script>") == 1
    assert "<!--" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert '49"' not in page


def test_terminal_colours_and_unprintable_characters_are_left_out(make_run) -> None:
    data = filled(json.loads(as_json(make_run())), "\x1b[1;31mred\x1b[0m \x00\x07 \x85")
    text = everywhere(from_json(json.dumps(data).encode()))
    assert not {"\x1b", "\x00", "\x07", "\x85"} & set(text)
    assert "[1;31m" not in text
    assert "u001b" not in text


def test_scenarios_that_an_interruption_kept_from_running_are_counted(make_run) -> None:
    run = make_run(is_bad=False)
    data = json.loads(as_json(run)) | {"selected": 100}
    assert from_json(json.dumps(data).encode()).counts[ScenarioOutcome.NOT_RUN] == 100 - len(run.scenarios)
