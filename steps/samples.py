"""Samples: what Prometheus measures of the platform and of programs, and when it raises an alert."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import yaml
from pytest_bdd import given, parsers, then, when

from converge.acceptance import samples
from converge.acceptance.throwaway import ThrowawayPods
from converge.apis.prometheus import Prometheus
from converge.components.keycloak.people import People
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.login_proxy.session import ProxiedSession
from converge.components.prometheus.component import Prometheus as Component
from converge.components.prometheus.server import server
from converge.engine.platform import Platform
from converge.waiting import COMES_S

KUBELET = ("kubelet", "cadvisor")
KUBERNETES = ("api-server", *KUBELET)
ALERT_S = COMES_S * 3
"""An alert waits a minute before it is raised."""
WRITING = ("/api/v1/admin/tsdb/delete_series?match[]=up", "/api/v1/write", "/-/quit", "/-/reload")


@pytest.fixture
def prometheus(platform: Platform) -> Prometheus:
    """Prometheus as an administrator of the cluster asks it."""
    return server(platform.api)


@then("every target of Prometheus is up")
def every_target_up(prometheus: Prometheus) -> None:
    samples.wait_until_up(prometheus, COMES_S)


@then("the API server and every kubelet are among the targets")
def kubernetes_scraped(platform: Platform, prometheus: Prometheus) -> None:
    targets, nodes = prometheus.targets(), {node.name for node in platform.cluster().nodes}
    assert [one for one in targets if one.job == "api-server"]
    seen = {job: {one.labels["node"] for one in targets if one.job == job} for job in KUBELET}
    assert seen == dict.fromkeys(KUBELET, nodes)


@then("every component that says that it has metrics is among the targets")
def components_scraped(platform: Platform, prometheus: Prometheus) -> None:
    said = samples.announced(platform.api)
    wanted = {
        (one["metadata"]["namespace"], one["metadata"]["name"])
        for name in platform.graph.closure([Component.name])
        for one in platform.objects(name)
        if one["kind"] == "Service" and samples.SAYS.items() & one["metadata"].get("annotations", {}).items()
    }
    assert not wanted - said, f"they do not say that they have metrics: {sorted(wanted - said)}"
    seen = {(one.labels.get("namespace"), one.labels.get("service")) for one in prometheus.targets()}
    assert not said - seen, f"they have metrics, and are not scraped: {sorted(said - seen)}"


@then("Prometheus asks the API server and the kubelets over verified TLS")
def verified(prometheus: Prometheus) -> None:
    assert not samples.unverified(yaml.safe_load(prometheus.configuration()), KUBERNETES)
    assert not [one.url for one in prometheus.targets() if one.job in KUBERNETES and not one.url.startswith("https://")]


@then(parsers.re(r'a query tells the memory of the pods of "(?P<name>[^"]+)"'))
def memory_told(platform: Platform, prometheus: Prometheus, name: str) -> None:
    place = f'namespace="{platform.component(name).namespace}", pod=~"{name}.*", container!=""'
    found = samples.wait_until_measured(prometheus, f"container_memory_working_set_bytes{{{place}}}", COMES_S)
    assert all(one.value > 0 for one in found)


@given("a throw-away pod with metrics", target_fixture="measuring")
def measuring_pod(throwaway_pods: ThrowawayPods) -> Iterator[str]:
    pod = throwaway_pods.make(f"measures-{secrets.token_hex(4)}", program=samples.MEASURES)
    yield pod
    throwaway_pods.remove(pod)


@given("a throw-away pod that says it has metrics and has none", target_fixture="measuring")
def pod_without_metrics(platform: Platform, throwaway_pods: ThrowawayPods) -> Iterator[str]:
    pod = throwaway_pods.make(f"measures-{secrets.token_hex(4)}")
    says(platform, throwaway_pods, pod)
    yield pod
    throwaway_pods.remove(pod)


@when("the pod says that it has metrics")
def says(platform: Platform, throwaway_pods: ThrowawayPods, measuring: str) -> None:
    platform.api.patch("Pod", measuring, throwaway_pods.namespace, {"metadata": {"annotations": samples.SAYS}})


@when("a service of the pod says that it has metrics")
def service_says(throwaway_pods: ThrowawayPods, measuring: str) -> None:
    throwaway_pods.create(samples.service_with_metrics(measuring))


@then("a query tells the value that the pod measures")
def value_told(prometheus: Prometheus, measuring: str) -> None:
    (found,) = samples.wait_until_measured(prometheus, f'{samples.METRIC}{{pod="{measuring}"}}', COMES_S)
    assert found.value == samples.VALUE


@then(parsers.re(r'the alert "(?P<name>[^"]+)" is raised for the pod'))
def raised(prometheus: Prometheus, measuring: str, name: str) -> None:
    samples.wait_for_alert(prometheus, name, measuring, ALERT_S)


@then("the alert ends once the pod is removed")
def ended(prometheus: Prometheus, throwaway_pods: ThrowawayPods, measuring: str) -> None:
    throwaway_pods.remove(measuring)
    samples.wait_for_alert(prometheus, "TargetDown", measuring, ALERT_S, raised=False)


@then("Prometheus has loaded every rule for alerts", target_fixture="rules")
def rules_loaded(platform: Platform, prometheus: Prometheus) -> dict[str, str]:
    (configuration,) = (one for one in platform.objects(Component.name) if one["kind"] == "ConfigMap" and "rules.yml" in one["data"])
    groups = yaml.safe_load(configuration["data"]["rules.yml"])["groups"]
    rules = dict(prometheus.rules())
    assert rules.keys() == {rule["alert"] for group in groups for rule in group["rules"]}
    return rules


@then("none of them fails")
def rules_healthy(rules: dict[str, str]) -> None:
    assert "err" not in rules.values(), rules


@then("Prometheus lets nobody delete samples, write some or stop it")
def nothing_written(platform: Platform, people: People) -> None:
    with people.person(groups=[ADMINISTRATORS]) as person:
        pages = ProxiedSession(platform.component(Component.name).endpoints()[0].url, person.browser)
        pages.open(person.credentials)
        answers = {path: person.browser.http.post(f"{pages.url}{path}", allow_redirects=False).status_code for path in WRITING}
        assert all(status >= 400 for status in answers.values()), answers
        pages.open(None)
