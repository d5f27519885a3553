"""Prometheus verifies whom it scrapes, may only read, and is told by annotations who has metrics; a fake server answers its API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from converge.acceptance import samples
from converge.apis.prometheus import Prometheus as Asked
from converge.apis.prometheus import Sample, Target
from converge.components import known
from converge.components.manifests import only
from converge.components.prometheus.component import Configuration, Prometheus
from converge.components.terms import Context
from converge.errors import NotReady, Refused
from converge.inventory import Inventory

KUBERNETES = ("api-server", "kubelet", "cadvisor")


@pytest.fixture
def objects(context: Callable[..., Context]) -> list[Any]:
    return list(Prometheus(Inventory()).objects(context()))


@pytest.fixture
def configuration(objects: list[Any]) -> Any:
    return yaml.safe_load(only(objects, "ConfigMap", "prometheus-server-configuration")["data"]["prometheus.yml"])


def test_kubernetes_is_asked_over_verified_tls_only(configuration: Any) -> None:
    assert not samples.unverified(configuration, KUBERNETES)
    configuration["scrape_configs"][0]["tls_config"]["insecure_skip_verify"] = True
    assert samples.unverified(configuration, KUBERNETES) == ["api-server"]


def test_its_account_reads_and_never_secrets(objects: list[Any]) -> None:
    rules = only(objects, "ClusterRole", "prometheus-server")["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert not {"secrets", "*", "nodes/proxy", "configmaps"} & {name for rule in rules for name in rule.get("resources", ())}


def test_nothing_is_written_over_its_api(objects: list[Any]) -> None:
    args = only(objects, "StatefulSet", "prometheus-server")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert not [one for one in args if "admin-api" in one or "lifecycle" in one or "remote-write-receiver" in one]


@pytest.mark.parametrize(("storage", "kept"), [(None, "16384MB"), ("1Gi", "819MB")])
def test_samples_leave_room_on_the_volume(storage: str | None, kept: str, context: Callable[..., Context]) -> None:
    inventory = Inventory.model_validate({"components": {"prometheus": {"storage": storage}}})
    args = only(list(Prometheus(inventory).objects(context(inventory))), "StatefulSet", "prometheus-server")
    assert f"--storage.tsdb.retention.size={kept}" in args["spec"]["template"]["spec"]["containers"][0]["args"]


def test_every_alert_says_what_is_wrong_and_what_to_type(objects: list[Any]) -> None:
    rules = yaml.safe_load(only(objects, "ConfigMap", "prometheus-server-configuration")["data"]["rules.yml"])
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(alerts) == 5
    assert all({"summary", "next"} == rule["annotations"].keys() and rule["labels"]["severity"] for rule in alerts)


def test_another_configuration_is_another_pod() -> None:
    one, other = Configuration(Prometheus(Inventory())), Configuration(Prometheus(Inventory()))
    assert one.digest == other.digest
    other.files["rules.yml"] += "\n"
    assert one.digest != other.digest


def test_who_has_metrics_says_so_where_its_pods_are(context: Callable[..., Context]) -> None:
    """A Service that selects no pod would be a component whose metrics nobody misses; the releases' own pods are not among these."""
    found = {}
    for name, component in known(Inventory()).items():
        made = component.objects(context())
        templates = [
            one["spec"]["template"].get("metadata", {}).get("labels", {}) for one in made if one["kind"] in ("Deployment", "StatefulSet")
        ]
        for one in made:
            if one["kind"] == "Service" and samples.SAYS.items() & one["metadata"].get("annotations", {}).items():
                found[one["metadata"]["name"]] = name
                selected = [labels for labels in templates if one["spec"]["selector"].items() <= labels.items()]
                assert selected or not any(templates), one["metadata"]["name"]
    assert found.items() >= {"keycloak-metrics": "keycloak", "ingress-metrics": "ingress", "argocd-server-metrics": "argo-cd"}.items()


def answering(data: Any, status: str = "success") -> Asked:
    return Asked(lambda path: json.dumps({"status": status, "data": data, "error": "parse error"}))


def test_a_query_gives_the_last_sample_of_each_series() -> None:
    asked = answering({"result": [{"metric": {"job": "a"}, "value": [1.5, "2"]}, {"metric": {"job": "b"}, "values": [[1, "3"], [2, "4"]]}]})
    assert asked.query("up") == [Sample({"job": "a"}, 1.5, 2.0), Sample({"job": "b"}, 2.0, 4.0)]


def test_what_prometheus_refuses_is_told() -> None:
    with pytest.raises(Refused, match="parse error"):
        answering(None, "error").query("up{")


def test_a_target_that_is_down_is_named_with_its_reason() -> None:
    down = {"scrapePool": "pods", "scrapeUrl": "http://a/", "health": "down", "labels": {"namespace": "wiki"}, "lastError": "refused"}
    asked = answering({"activeTargets": [down]})
    assert asked.targets() == [Target("pods", "http://a/", "down", {"namespace": "wiki"}, "refused")]
    with pytest.raises(NotReady, match=r"http://a/ \(pods\): refused"):
        samples.wait_until_up(asked, 0)
    thrown_away = answering({"activeTargets": [{**down, "health": "up"}, {**down, "labels": {"namespace": "throw-away-1"}}]})
    assert len(samples.wait_until_up(thrown_away, 0)) == 1
