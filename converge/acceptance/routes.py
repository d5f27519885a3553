"""Routes: host names that lead through the ingress to pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.components import blocks
from converge.kubernetes.objects import KubernetesObject

if TYPE_CHECKING:
    from converge.acceptance.throwaway import ThrowawayPods
    from converge.inventory import Inventory


def service(name: str, pod: str, port: int) -> KubernetesObject:
    """A Service in front of one throw-away pod."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": pod}, "ports": [{"port": 80, "targetPort": port}]},
    }


def own_host(inventory: Inventory, pods: ThrowawayPods, name: str) -> str:
    """A host that no other run has: one that was killed could not remove its own, and the ingress would lead to that one's pod."""
    return inventory.host(f"{pods.namespace}-{name}")


def throwaway_host(pods: ThrowawayPods, name: str, host: str, pod: str, port: int, *, issuer: str = "") -> None:
    """A host that leads to a throw-away pod, by the default class; ``issuer`` gives it a certificate of its own (Secret ``NAME-tls``)."""
    pods.create(service(name, pod, port))
    route = blocks.web_host(name, pods.namespace, host, name, 80)
    del route["spec"]["ingressClassName"]
    if issuer:
        route["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] = issuer
        route["spec"]["tls"] = [{"hosts": [host], "secretName": f"{name}-tls"}]
    pods.create(route)
