"""Rows that are printed line up, and nothing trails."""

from converge.reporting.columns import columns


def test_columns_begin_below_each_other():
    assert list(columns([("NAME", "AGE", "USED BY"), ("keycloak", "3 h", "")])) == ["NAME      AGE  USED BY", "keycloak  3 h"]


def test_nothing_is_nothing():
    assert list(columns([])) == []
