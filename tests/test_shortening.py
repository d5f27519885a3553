"""What differs between two long texts is never in the part that is left out."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from converge.kubernetes.difference import Difference
from converge.redaction import MARK, REDACTOR
from converge.shortening import LEAST, cut, cut_alike

TEXTS = st.text("ab…", max_size=120)
WIDTHS = st.integers(LEAST, 90)


@given(TEXTS, TEXTS, TEXTS, TEXTS, WIDTHS)
def test_two_texts_that_differ_are_shown_as_different(head: str, one: str, other: str, tail: str, width: int) -> None:
    assume(one != other)
    left, right = f"{head}{one}{tail}", f"{head}{other}{tail}"
    assume(left != right)
    assert len(set(cut_alike(left, right, width))) == 2


@given(st.text("ab", max_size=120), st.text("ab", max_size=120), st.text("ab", max_size=120), WIDTHS)
def test_the_first_place_that_differs_is_shown(head: str, tail: str, other_tail: str, width: int) -> None:
    one, other = cut_alike(f"{head}X{tail}", f"{head}Y{other_tail}", width)
    assert "X" in one
    assert "Y" in other


@given(TEXTS, TEXTS, WIDTHS)
def test_no_line_is_longer_than_it_may_be(one: str, other: str, width: int) -> None:
    assert max(map(len, cut_alike(one, other, width))) <= width


@given(TEXTS, WIDTHS)
def test_equal_texts_stay_equal(text: str, width: int) -> None:
    assert cut_alike(text, text, width) == (cut(text, width), cut(text, width))


def test_the_rule_that_was_seen() -> None:
    was = "Host(`ingress-dashboard.very-long-name-of-a-platform.thinkube.test`)"
    wanted = "Host(`ingress-dashboard.very-long-name-of-a-platform.example.test`)"
    one, other = cut_alike(was, wanted, 32)
    assert ".thi" in one
    assert ".exa" in other


@pytest.mark.parametrize("place", [0, 60, 105, 115, 200], ids=lambda place: f"at {place}")
def test_half_a_secret_is_never_left(place: int) -> None:
    secret = "q7Zk2pXw9LmT4vRb8YcN"
    REDACTOR.add(secret)
    text = str(Difference("ConfigMap web/one", "data.url", "w" * place + secret + "w" * 200, "seen" * 60))
    assert not any(secret[start : start + 6] in text for start in range(len(secret) - 5))
    assert MARK not in secret
