"""Which scenarios run beside each other, in which order, and in how many processes."""

from __future__ import annotations

import pytest

from converge.engine.graph import Graph
from wiring.locks import PLATFORM, claims, loses_pods, place

GRAPH = Graph({"base": (), "database": ("base",), "login": ("database",), "objects": ("base",)})
LOSS = "The database comes back | it works | @disruptive"


def test_a_scenario_shares_what_it_stands_on() -> None:
    assert claims(["login"], {"sso"}, GRAPH) == {PLATFORM: False, "base": False, "database": False, "login": False}


def test_who_takes_something_away_has_it_alone_and_nothing_else() -> None:
    for kind in ("disruptive", "exclusive"):
        assert claims(["database"], {kind}, GRAPH) == {PLATFORM: False, "base": False, "database": True}


def test_who_only_provisions_may_lose_its_pods_beside_those_that_stand_on_it() -> None:
    graph = Graph({"volumes": (), "database": ("volumes",), "login": ("database",)}, provisioners=["volumes"])
    assert claims(["login"], (), graph) == {PLATFORM: False, "database": False, "login": False}
    assert claims(["volumes"], {"disruptive"}, graph) == {PLATFORM: False, "volumes": True}
    losses = [place([name], {"disruptive"}, graph, stands=True) for name in ("database", "volumes")]
    assert losses == sorted(losses), "what nobody misses is not taken away first"


def test_a_rollback_has_the_platform_alone() -> None:
    assert claims(["objects"], {"rollback"}, GRAPH)[PLATFORM] is True


def test_whoever_stops_machines_has_the_platform_alone_when_all_others_have_been() -> None:
    assert claims((), {"outage"}, GRAPH)[PLATFORM] is True
    for stands in (True, False):
        assert place([], {"outage"}, GRAPH, stands=stands) > place(["login"], (), GRAPH, stands=stands)


def test_everybody_claims_in_the_same_order() -> None:
    assert list(claims(["login", "objects"], (), GRAPH)) == [PLATFORM, "base", "database", "login", "objects"]


@pytest.mark.parametrize(
    ("step", "example", "lost"),
    [
        ('every pod of "minio" is deleted', {}, ["minio"]),
        ('the workloads of "minio-console" are deleted', {}, ["minio-console"]),
        ('every pod of "<component>" is deleted', {"component": "valkey"}, ["valkey"]),
        ('every workload of "minio" is ready', {}, []),
        ("the operator restarts the cluster's DNS", {}, ["control-node"]),
    ],
)
def test_the_steps_tell_who_loses_its_pods(step: str, example: dict[str, str], lost: list[str]) -> None:
    assert list(loses_pods(step, example)) == lost


def test_on_a_platform_that_stands_what_most_stand_on_is_taken_away_first_and_what_takes_long_is_begun_then() -> None:
    losses = [place([name], {"disruptive"}, GRAPH, stands=True) for name in ("base", "database", "login")]
    slow = place(["login"], {"time-consuming"}, GRAPH, stands=True)
    assert [*losses, slow, place(["base"], (), GRAPH, stands=True)] == sorted([*losses, slow, place(["base"], (), GRAPH, stands=True)])
    assert len({*losses, slow}) == 4


def test_on_a_new_platform_nothing_is_taken_away_before_the_rest_was_looked_at() -> None:
    assert place(["login"], {"disruptive"}, GRAPH, stands=False) > place(["login"], (), GRAPH, stands=False)


def test_a_rotation_comes_when_all_others_have_been_whose_ever_it_is() -> None:
    for stands in (True, False):
        assert place(["base"], {"rotation"}, GRAPH, stands=stands) > place(["login"], (), GRAPH, stands=stands)
        assert place(["base"], {"rotation"}, GRAPH, stands=stands) < place(["login"], {"rollback"}, GRAPH, stands=stands)


def test_on_a_platform_that_stands_what_requires_little_comes_first() -> None:
    graph = Graph({"base": (), "database": ("base",), "login": ("database",), "objects": ("base",)})
    assert place(["objects"], (), graph, stands=True) < place(["login"], (), graph, stands=True)


def test_what_takes_something_away_comes_last(project) -> None:
    project.write("features/core/outage.feature", project.feature("database", "CORE-005", "core", LOSS))
    result = project.run("--collect-only", "-q", "features/")
    assert [line for line in result.outlines if "::" in line][-1] == "features/core/outage.feature::The database comes back"


def test_nothing_is_taken_away_before_what_stands_on_it_has_converged(project, monkeypatch) -> None:
    project.write("features/core/outage.feature", project.feature("database", "CORE-005", "core", LOSS))
    project.run("features/core/outage.feature", "features/core/login.feature").assert_outcomes(passed=4)
    monkeypatch.setenv("FAKE_BROKEN", "login")
    result = project.run("features/core/outage.feature", "features/core/login.feature")
    assert result.parseoutcomes()["passed"] == 1


@pytest.mark.parametrize("arguments", [["features/", "-n", "0"], ["features/", "-m", "login"], ["features/core"], ["features/", "-s"]])
def test_a_part_of_them_or_whoever_watches_closely_stays_in_one_process(project, arguments: list[str]) -> None:
    assert "workers" not in project.run(*arguments, "-o", "feature_processes=2").stdout.str()
