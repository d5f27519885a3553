"""Names: services and the platform's own domain resolve, for pods and for nodes, also after DNS was restarted."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from converge.acceptance import resolving
from converge.acceptance.throwaway import ThrowawayPods
from converge.engine.platform import Platform
from converge.inventory import Inventory

SERVICE = "kubernetes.default.svc.cluster.local"


@when("the operator restarts the cluster's DNS")
def restart_dns(platform: Platform, inventory: Inventory) -> None:
    resolving.restart(platform.api, inventory.deadlines.component_s)


@then(parsers.re(r'(?:every|each) of these pods finds the ingress under "(?P<label>[^"]+)" of the domain'))
def pods_find_ingress(
    platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, pods_by_node: dict[str, str], label: str
) -> None:
    host = inventory.host(label)
    found = resolving.from_pods(throwaway_pods, pods_by_node.values(), host)
    assert all(seen == {platform.cluster().ingress_address} for seen in found.values()), found


@then(parsers.re(r'every node finds the ingress under "(?P<label>[^"]+)" of the domain'))
def nodes_find_ingress(platform: Platform, inventory: Inventory, label: str) -> None:
    cluster = platform.cluster()
    found = resolving.from_nodes(cluster, inventory.host(label))
    assert all(seen == {cluster.ingress_address} for seen in found.values()), found


@then("each of these pods finds the API server by its service name")
def pods_find_api(platform: Platform, throwaway_pods: ThrowawayPods, pods_by_node: dict[str, str]) -> None:
    service = platform.api.get("Service", "kubernetes", "default")["spec"]["clusterIP"]
    found = resolving.from_pods(throwaway_pods, pods_by_node.values(), SERVICE)
    assert all(seen == {service} for seen in found.values()), found


@then(parsers.re(r'none of these pods finds anything under "(?P<host>[^"]+)"'))
def pods_find_nothing(throwaway_pods: ThrowawayPods, pods_by_node: dict[str, str], host: str) -> None:
    found = resolving.from_pods(throwaway_pods, pods_by_node.values(), f"{host}.")
    assert not any(found.values()), found


@then(parsers.re(r'every replica of the cluster\'s DNS answers for "(?P<label>[^"]+)" of the domain'))
def replicas_answer(
    platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, pods_by_node: dict[str, str], label: str
) -> None:
    pod = next(iter(pods_by_node.values()))
    found = resolving.from_replicas(platform.api, throwaway_pods, pod, inventory.host(label))
    assert found, "the cluster's DNS has no replica"
    assert all(seen == {platform.cluster().ingress_address} for seen in found.values()), found
