"""Standard: what a user has left in a component is found again, whatever happened to it; what keeps nothing serves again."""

from __future__ import annotations

import pytest
from pytest_bdd import given, parsers, then

from steps.keepsakes import Check, name_of


@given(parsers.re(r'somebody has left (?P<words>[^"]+) in "(?P<name>[^"]+)"'), target_fixture="find_again")
@given(parsers.re(r'"(?P<name>[^"]+)" has nothing to lose: (?P<why>.+)'), target_fixture="find_again")
def leave(request: pytest.FixtureRequest, name: str) -> Check:
    check: Check = request.getfixturevalue(name_of(name))
    return check


@then(parsers.re(r'what was left in "(?P<name>[^"]+)" is found again'))
@then(parsers.re(r'"(?P<name>[^"]+)" serves as before'))
def found_again(find_again: Check) -> None:
    find_again()
