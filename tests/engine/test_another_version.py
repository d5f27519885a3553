"""Another version of what a component runs: told by the plan, data copied before, and the way back named where it does not come up."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest

from converge.components.terms import Backup, KubernetesObject
from converge.components.versions import RUNS
from converge.engine import reconcile
from converge.engine.outcome import Result
from converge.errors import NotReady
from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import ObjectsNotReady

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}


def deployment(version: str) -> KubernetesObject:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "web", "annotations": {RUNS: f"web {version}"}},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": f"x:{version}"}]}},
        },
    }


@pytest.fixture
def upgraded(bench, another, monkeypatch):
    """A platform that ran version 1, of which the catalog names version 2 now."""
    monkeypatch.setattr(reconcile, "wait_until_ready", lambda *_, **__: None)
    bench.web.wanted = [NAMESPACE, deployment("1")]
    assert bench.converge().result is Result.CONVERGED
    bench.platform.close({}, 0.0)
    bench.fake_api.forget()
    later = another(bench)
    later.web.wanted = copy.deepcopy([NAMESPACE, deployment("2")])
    return later


def test_the_plan_tells_both_versions(upgraded) -> None:
    (change,) = upgraded.operations.plan("web").changes
    assert (change.action, change.subject, change.reason) == ("change", "Deployment web/web", "it gets web 1 → 2")


def test_data_is_copied_before_the_workload_is_written(upgraded) -> None:
    written_before: list[list[str]] = []

    def make() -> str:
        written_before.append([line for line in upgraded.applied() if "Deployment" in line])
        return "restore it"

    upgraded.web.to_copy = [Backup("database web", make)]
    outcome = upgraded.converge()
    assert outcome.result is Result.CONVERGED, outcome.text
    assert written_before == [[]]
    assert outcome.changes == ("copy database web", "change Deployment web/web")


def test_where_data_cannot_be_copied_the_earlier_version_goes_on_running(upgraded) -> None:
    def fail() -> str:
        raise NotReady("a copy of database web", seen="no space left on device")

    upgraded.web.to_copy = [Backup("database web", fail)]
    outcome = upgraded.converge()
    assert outcome.result is Result.FAILED
    assert "no space left" in outcome.text
    assert upgraded.fake_api.find("Deployment", "web", "web")["metadata"]["annotations"][RUNS] == "web 1"


def test_a_version_that_does_not_come_up_is_named_with_the_way_back(upgraded, monkeypatch) -> None:
    def crash(*_, **__) -> None:
        diagnosis = SimpleNamespace(text="it crashes", next_command="kubectl logs web", data={})
        raise ObjectsNotReady("web ready", seen="0 of 1", refs=[Ref("Deployment", "web", "web")], diagnosis=diagnosis, is_terminal=True)

    monkeypatch.setattr(reconcile, "wait_until_ready", crash)
    upgraded.web.to_copy = [Backup("database web", lambda: "pg_restore web.dump")]
    outcome = upgraded.converge()
    assert outcome.result is Result.FAILED
    assert "web 1 → 2" in outcome.text
    assert "name the earlier one in converge/images/catalog.yaml" in outcome.text
    assert "database web as it was: pg_restore web.dump" in outcome.text


def test_without_another_version_nothing_is_copied(upgraded) -> None:
    upgraded.web.wanted = [NAMESPACE, deployment("1") | {"spec": deployment("1")["spec"] | {"replicas": 2}}]
    upgraded.web.to_copy = [Backup("database web", lambda: pytest.fail("copied"))]
    assert upgraded.converge().changes == ("change Deployment web/web",)
