"""Argo Events: who may use the bus, and what sensors may do."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from converge.components import manifests
from converge.components.argo_events.component import ArgoEvents
from converge.components.parts.followed import FollowedCertificate
from converge.components.terms import Context
from converge.inventory import Inventory

ContextOf = Callable[..., Context]


def objects(context: ContextOf) -> list[dict[str, Any]]:
    return list(ArgoEvents(Inventory()).objects(context()))


def test_both_sides_of_the_bus_show_a_certificate(context: ContextOf) -> None:
    found = objects(context)
    config = manifests.only(found, "ConfigMap", "event-bus")["data"]["nats.conf"]
    assert "verify_and_map: true" in config
    assert 'users: [{user: "event-bus-client.argo.svc"}]' in config
    certificate = manifests.only(found, "Certificate", "event-bus-client")["spec"]
    assert (certificate["dnsNames"], certificate["usages"]) == (["event-bus-client.argo.svc"], ["client auth"])
    bus = manifests.only(found, "EventBus")["spec"]["jetstreamExotic"]
    assert bus["url"] == "nats://event-bus.argo.svc:4222"
    assert {reference["name"] for reference in bus["tls"].values()} == {certificate["secretName"]}


def test_a_sensor_may_start_workflows_and_nothing_else(context: ContextOf) -> None:
    role = manifests.only(objects(context), "Role", "workflow-starter")
    assert role["rules"] == [{"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["create"]}]


def test_it_stands_in_the_namespace_of_the_workflows_and_leaves_it_to_them(context: ContextOf) -> None:
    found = objects(context)
    assert not [item for item in found if item["kind"] == "Namespace"]
    assert {item["metadata"]["namespace"] for item in found if item["kind"] != "CustomResourceDefinition"} == {"argo"}
    assert "argo-workflows" in ArgoEvents(Inventory()).requires


class Cluster:
    """A Secret that was written at noon, and pods."""

    def __init__(self, *made: str) -> None:
        running = [{"containerStatuses": [{"state": {"running": {"startedAt": at}}}]} for at in made]
        self.pods = [{"metadata": {}, "status": status} for status in [*running, {}]]
        self.patched: list[Any] = []

    def get(self, *_: str) -> dict[str, Any]:
        return {"metadata": {"creationTimestamp": "2026-01-01T12:00:00Z"}}

    def list(self, *_: str, **__: str) -> list[dict[str, Any]]:
        return self.pods

    def patch(self, *arguments: Any) -> None:
        self.patched.append(arguments)


def followed(cluster: Cluster) -> FollowedCertificate:
    return FollowedCertificate(
        "argo", "event-bus", "event-bus-tls", lambda: SimpleNamespace(get=cluster.get, list=cluster.list, patch=cluster.patch)
    )  # type: ignore[arg-type,return-value]


def test_programs_that_are_older_than_their_certificate_are_replaced() -> None:
    cluster = Cluster("2026-01-01T11:59:59Z")
    assert followed(cluster).differences()
    followed(cluster).write()
    ((kind, name, _, patch),) = cluster.patched
    assert (kind, name) == ("StatefulSet", "event-bus")
    assert patch["spec"]["template"]["metadata"]["annotations"] == {"secret.thinkube.dev/event-bus-tls": "2026-01-01T12:00:00Z"}


def test_younger_ones_stay() -> None:
    assert not followed(Cluster("2026-01-01T12:00:00Z")).differences()
