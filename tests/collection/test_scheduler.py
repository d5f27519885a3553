"""Which process gets which scenario next: one that it may run now, if there is any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wiring.demands import Demand, choose, first_alone, least_waiting
from wiring.locks import uses_browser

NAMES = ("base", "database", "login", "objects")


def uses(*names: str, browser: bool = False) -> Demand:
    return Demand(dict.fromkeys(names, False), browser)


def takes_away(name: str, *names: str) -> Demand:
    return Demand({**dict.fromkeys(names, False), name: True})


demands = st.builds(Demand, st.dictionaries(st.sampled_from(NAMES), st.booleans()), st.booleans())


@given(demands, demands)
def test_two_scenarios_are_beside_each_other_or_neither_is(one: Demand, other: Demand) -> None:
    assert one.is_beside(other) == other.is_beside(one)


@given(demands)
def test_only_who_has_to_be_alone_could_not_run_beside_itself(demand: Demand) -> None:
    assert demand.is_beside(demand) != demand.is_alone


def test_order_counts_where_nobody_is_in_the_way() -> None:
    assert choose([0, 1], [uses("base"), uses("login")], []) == 0


def test_what_would_wait_is_passed_over() -> None:
    everything = [takes_away("login", "database"), uses("login"), uses("objects")]
    assert choose([1, 2], everything, busy=[0]) == 2


def test_nobody_is_dealt_past_one_that_waits_to_be_alone_and_would_keep_it_waiting() -> None:
    everything = [uses("login"), takes_away("login"), uses("login"), uses("objects")]
    assert choose([1, 2, 3], everything, busy=[0]) == 3
    assert choose([1, 2], everything, busy=[0]) is None
    assert choose([1, 2, 3], everything, busy=[3]) == 1


def test_pages_are_left_to_a_process_that_has_a_browser() -> None:
    everything = [uses("login", browser=True), uses("login")]
    assert choose([0, 1], everything, [], browser=False) == 1
    assert choose([0, 1], everything, []) == 0
    assert uses_browser(["a person", 'the person signs in to the "console" with a browser'])
    assert not uses_browser(["the person asks the token endpoint"])


def test_where_all_would_wait_the_one_that_waits_for_the_fewest_and_keeps_nobody_waiting_is_next() -> None:
    everything = [takes_away("base"), takes_away("login", "base"), uses("base", "login"), takes_away("base"), uses("base")]
    assert least_waiting([2, 3, 4], everything, busy=[0, 1]) == 4


def test_where_all_would_wait_the_first_that_has_to_be_alone_waits_unless_another_does() -> None:
    everything = [uses("login"), uses("login"), takes_away("login"), takes_away("database", "login"), uses("objects")]
    assert first_alone([1, 2, 3], everything, busy=[0]) == 2
    assert first_alone([1, 3], everything, busy=[0, 2]) is None
    assert first_alone([1], everything, busy=[4]) is None


def test_where_all_would_wait_who_has_no_browser_looks_at_pages_last() -> None:
    everything = [takes_away("login"), uses("login", browser=True), uses("login")]
    assert least_waiting([1, 2], everything, busy=[0], has_browser=False) == 2
    assert least_waiting([1, 2], everything, busy=[0]) == 1


@given(st.lists(demands, min_size=1, max_size=12), st.data())
def test_what_is_chosen_never_waits(everything: list[Demand], data: st.DataObject) -> None:
    indices = range(len(everything))
    busy = data.draw(st.lists(st.sampled_from(indices), unique=True, max_size=3))
    pending = [index for index in indices if index not in busy]
    chosen = choose(pending, everything, busy)
    assert chosen is None or all(everything[chosen].is_beside(everything[other]) for other in busy)
    assert chosen is not None or not pending or any(not everything[pending[0]].is_beside(everything[other]) for other in busy)
