"""Outages: machines are stopped or emptied, and what was left in every component is found again."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pytest_bdd import given, then, when

from converge.engine import outages
from converge.engine.converger import Convergence
from converge.engine.platform import Platform
from steps.keepsakes import Check, name_of


@given("every component is converged")
def all_converged(convergence: Convergence, platform: Platform) -> None:
    for name in platform.possible:
        convergence.wait_for(name)


@given("somebody has left something in each that keeps it", target_fixture="left")
def leave_in_each(request: pytest.FixtureRequest, platform: Platform) -> Mapping[str, Check]:
    promising = {"keepsake", "nothing-to-lose"}
    names = [name for name in platform.possible if not promising.isdisjoint(platform.component(name).qualities)]
    return {name: request.getfixturevalue(name_of(name)) for name in names}


@when("the operator stops the cluster and starts it again")
def restarted(platform: Platform) -> None:
    outages.restart_cluster(platform)


@when("the operator drains each node in turn")
def drained(platform: Platform) -> None:
    assert outages.drain_each_node(platform), "there was no node to drain"


@then("what was left in each is found again")
def found_in_each(left: Mapping[str, Check]) -> None:
    for find_again in left.values():
        find_again()
