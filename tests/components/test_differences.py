"""Only the fields that are ours are compared: order never matters, what others added never matters, secrets never show."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converge.components.differences import absent, differences, merged
from converge.components.terms import Difference

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=4), VALUES, max_size=4)


def shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in random.sample(list(value), len(value))}
    if isinstance(value, list):
        return [shuffled(item) for item in random.sample(value, len(value))]
    return value


@given(OBJECTS)
@settings(max_examples=60, deadline=None)
def test_order_at_any_depth_is_no_difference(wanted: dict[str, Any]) -> None:
    assert not differences("it", wanted, shuffled(wanted))


@given(OBJECTS, OBJECTS)
@settings(max_examples=60, deadline=None)
def test_what_is_written_back_does_not_differ_and_keeps_what_is_not_ours(wanted: dict[str, Any], seen: dict[str, Any]) -> None:
    before = copy.deepcopy(seen)
    written = merged(seen, wanted)
    assert not differences("it", wanted, written)
    assert all(written[key] == value for key, value in before.items() if key not in wanted)
    assert seen == before


@pytest.mark.parametrize(
    ("wanted", "seen", "field"),
    [
        ({"a": True}, {}, "a"),
        ({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, "a.b"),
        ({"a": {"b": 1}}, {}, "a"),
        ({"a": ["x"]}, {"a": ["x", "y"]}, "a"),
        ({"a": ["x", "x"]}, {"a": ["x", "y"]}, "a"),
        ({"a": None}, {"a": "S256"}, "a"),
        ({"a": [{"r": ["1", "2"]}]}, {"a": [{"r": ["2", "3"]}]}, "a"),
    ],
    ids=["missing", "nested", "missing-mapping", "one-more", "counted", "unwanted", "inside-a-list"],
)
def test_a_difference_names_its_field(wanted: dict[str, Any], seen: dict[str, Any], field: str) -> None:
    assert [found.field for found in differences("it", wanted, seen)] == [field]


def test_a_secret_that_differs_does_not_show() -> None:
    (found,) = differences("client a", {"secret": "canary-1"}, {"secret": "canary-2"})
    assert found == Difference("client a", "secret", wanted="(secret)", seen="(another)")


def test_what_is_not_there_at_all_is_one_difference() -> None:
    assert absent("realm a") == [Difference("realm a", "", wanted="present", seen="absent")]
