"""The graph of components."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from counting import calls
from hypothesis import given
from hypothesis import strategies as st

from converge.engine.graph import BadGraph, Graph, nearest


@st.composite
def subsets(draw: st.DrawFn, names: Sequence[str]) -> list[str]:
    """Any of them, by one number: drawing takes longer than all that is done with what was drawn."""
    bits = draw(st.integers(0, 2 ** len(names) - 1))
    return [name for place, name in enumerate(names) if bits >> place & 1]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Acyclic requirements, listed in any order."""
    names = [f"c{number}" for number in range(draw(st.integers(0, 12)))]
    edges = {name: draw(subsets(names[:place])) for place, name in enumerate(names)}
    return {name: edges[name] for name in draw(st.permutations(names))}


@given(graphs())
def test_requirements_come_first(requires: dict[str, list[str]]) -> None:
    graph = Graph(requires)
    assert sorted(graph.order) == sorted(requires)
    place = {name: index for index, name in enumerate(graph.order)}
    assert all(place[need] < place[name] for name, needs in requires.items() for need in needs)


@given(graphs())
def test_an_order_that_already_fits_is_kept(requires: dict[str, list[str]]) -> None:
    fitting = {name: requires[name] for name in Graph(requires).order}
    assert Graph(fitting).order == tuple(fitting)


@given(graphs(), st.data())
def test_a_closure_is_whole_and_no_larger_than_needed(requires: dict[str, list[str]], data: st.DataObject) -> None:
    graph = Graph(requires)
    chosen = data.draw(subsets(sorted(requires)))
    closure = graph.closure(chosen)
    assert set(chosen) <= set(closure)
    assert all(need in closure for name in closure for need in requires[name])
    assert all(name in chosen or any(name in requires[other] for other in closure) for name in closure)
    assert graph.closure(closure) == closure


@given(graphs())
def test_dependants_are_those_whose_closure_holds_it(requires: dict[str, list[str]]) -> None:
    graph = Graph(requires)
    for name in requires:
        assert set(graph.dependants(name)) == {other for other in requires if other != name and name in graph.closure([other])}


@given(graphs())
def test_levels_need_only_earlier_levels(requires: dict[str, list[str]]) -> None:
    levels = Graph(requires).levels()
    earlier: set[str] = set()
    for level in levels:
        assert all(set(requires[name]) <= earlier for name in level)
        earlier |= set(level)
    assert earlier == set(requires)


@given(graphs(), st.data())
def test_the_longest_chain_is_a_chain_and_the_longest(requires: dict[str, list[str]], data: st.DataObject) -> None:
    graph = Graph(requires)
    seconds = {name: data.draw(st.integers(0, 50)) for name in requires}
    chain = graph.longest_chain(seconds)
    assert all(before in requires[after] for before, after in itertools.pairwise(chain))

    def longest(name: str) -> int:
        return seconds[name] + max((longest(need) for need in requires[name]), default=0)

    assert sum(seconds[name] for name in chain) == max((longest(name) for name in requires), default=0)


@given(graphs(), st.data())
def test_any_back_edge_is_a_cycle_that_names_its_path(requires: dict[str, list[str]], data: st.DataObject) -> None:
    pairs = [(need, name) for name in requires for need in Graph(requires).closure([name])]
    if not pairs:
        return
    first, last = data.draw(st.sampled_from(pairs))
    with pytest.raises(BadGraph) as caught:
        Graph({**requires, first: [*requires[first], last]})
    path = caught.value.seen.split(" → ")
    edges = {**requires, first: [*requires[first], last]}
    assert path[0] == path[-1]
    assert all(after in edges[before] for before, after in itertools.pairwise(path))


def test_a_cycle_names_its_path() -> None:
    with pytest.raises(BadGraph, match=r"a → b → c → a|b → c → a → b|c → a → b → c"):
        Graph({"a": ["b"], "b": ["c"], "c": ["a"]})


def test_every_unknown_name_is_told_at_once_with_the_nearest() -> None:
    with pytest.raises(BadGraph) as caught:
        Graph({"keycloak": ["postgress", "zebra"], "postgres": []})
    assert caught.value.seen.splitlines() == ["keycloak → postgress (did you mean postgres?)", "keycloak → zebra"]


def test_a_closure_of_an_unknown_name_says_the_nearest() -> None:
    with pytest.raises(BadGraph, match="did you mean storage"):
        Graph({"storage": []}).closure(["storrage"])


def test_nothing_near_says_nothing() -> None:
    assert nearest("qqq", ["storage"]) == ""


def test_work_for_a_chain_grows_with_its_length_and_no_faster() -> None:
    def closure_of_chain(length: int) -> None:
        graph = Graph({f"c{number}": [f"c{number - 1}"] if number else [] for number in range(length)})
        assert len(graph.closure([f"c{length - 1}"])) == length

    closure_of_chain(10)
    assert calls(lambda: closure_of_chain(4000)) < 2.4 * calls(lambda: closure_of_chain(2000))


def test_ten_thousand_in_a_chain_do_not_exhaust_the_stack() -> None:
    graph = Graph({f"c{number}": [f"c{number - 1}"] if number else [] for number in range(10_000)})
    assert len(graph.closure(["c9999"])) == 10_000
