"""Data that was known and is not there any more is named once as lost, and what used it starts anew."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from converge.components.terms import Difference
from converge.engine import known_data
from converge.engine.known_data import KnownData
from converge.engine.outcome import Outcome, Result
from converge.engine.restarts import restart, restarts_for_lost_data

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "web", "generation": 1},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "x:1"}]}},
    },
}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
CLAIMING = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "web", "namespace": "web"},
    "spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]},
}
CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data-web-0", "namespace": "web"}}


class Database:
    """Rows that people keep, made empty where they are absent."""

    subject, within, is_data = "database web", "postgres", True

    def __init__(self) -> None:
        self.is_there = False

    def differences(self) -> Sequence[Difference]:
        return () if self.is_there else (Difference(self.subject, "", wanted="present", seen="absent"),)

    def write(self) -> None:
        self.is_there = True


@pytest.fixture
def database(bench) -> Database:
    made = Database()
    bench.web.before = [made]
    bench.web.wanted = [NAMESPACE]
    return made


def test_data_that_is_made_for_the_first_time_is_not_lost(bench, database) -> None:
    assert bench.converge().lost == ()
    assert "database web" in bench.fake_api.find("ConfigMap", "known-data", "thinkube-system")["data"]["web"]


def test_data_that_was_known_and_is_absent_is_lost_and_said_once(bench, database, another) -> None:
    bench.converge()
    bench.platform.close({}, 0.0)
    database.is_there = False
    (lost,) = bench.converge().lost
    assert lost.startswith("database web, known since 20")
    bench.platform.close({}, 0.0)
    bench.fake_api.forget()
    again = another(bench)
    again.web.before, again.web.wanted = bench.web.before, bench.web.wanted
    assert again.converge().lost == ()
    assert bench.fake_api.writes == []


def test_a_run_that_fails_after_the_loss_names_it_and_so_does_the_next(bench, database) -> None:
    bench.converge()
    database.is_there = False
    database.write = lambda: None  # type: ignore[method-assign]
    bench.platform.stopping.wait = lambda _: True  # type: ignore[method-assign]
    failed = bench.converge()
    assert failed.result is Result.FAILED
    assert len(failed.lost) == 1
    database.is_there = True
    assert bench.converge().lost == failed.lost


def test_what_ran_on_data_that_is_lost_is_restarted(fake_api) -> None:
    api = fake_api.client()
    fake_api.put(DEPLOYMENT)
    restart(
        api,
        restarts_for_lost_data(
            api, [NAMESPACE, DEPLOYMENT, {**CLAIMING, "metadata": {"name": "to-come", "namespace": "web"}}], ["database web, known"]
        ),
    )
    template = fake_api.find("Deployment", "web", "web")["spec"]["template"]
    assert template["metadata"]["annotations"]["thinkube.dev/lost"] == "data lost: database web, known"


def test_another_volume_behind_the_same_claim_is_lost_data(fake_api) -> None:
    api = fake_api.client()
    fake_api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "thinkube-system"}})
    fake_api.put(CLAIM)
    known = KnownData(lambda: api, "web")
    known.look_at_volumes([CLAIMING])
    assert known.lost() == []
    known.keep()
    api.delete("PersistentVolumeClaim", "data-web-0", "web")
    fake_api.put(CLAIM)
    later = KnownData(lambda: api, "web")
    later.look_at_volumes([CLAIMING])
    (lost,) = later.lost()
    assert lost.startswith("PersistentVolumeClaim web/data-web-0, known since 20")


def test_what_is_purged_is_forgotten_with_what_it_held_for_others(fake_api) -> None:
    api = fake_api.client()
    datum = {"since": "2026-11-26T15:00:00Z", "uid": "", "lost": ""}
    data = {
        "postgres": json.dumps({"PersistentVolumeClaim postgres/data": {"within": "postgres", **datum}}),
        "web": json.dumps({"database web": {"within": "postgres", **datum}, "bucket web": {"within": "minio", **datum}}),
    }
    fake_api.put(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "known-data", "namespace": "thinkube-system"}, "data": data}
    )
    known_data.forget(api, "postgres")
    left = fake_api.find("ConfigMap", "known-data", "thinkube-system")["data"]
    assert json.loads(left["postgres"]) == {}
    assert [*json.loads(left["web"])] == ["bucket web"]


def test_a_component_without_data_asks_for_nothing(bench) -> None:
    bench.converge()
    assert not any("known-data" in request.path for request in bench.fake_api.requests)


def test_an_outcome_keeps_what_is_lost_on_its_way_between_processes() -> None:
    outcome = Outcome("web", Result.CONVERGED, lost=("database web, known since 2026-11-26T15:00:00Z",))
    assert Outcome.from_json(json.loads(json.dumps(outcome.as_json()))) == outcome
