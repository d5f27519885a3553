"""Routes: host names that lead through the ingress to pods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from converge.components import blocks
from converge.errors import NotReady
from converge.kubernetes.objects import KubernetesObject

if TYPE_CHECKING:
    import requests

    from converge.inventory import Inventory
    from converge.throwaway import ThrowawayPods

NOBODY = (404, 500, 502, 503, 504)
"""What the ingress answers while nobody is there: no route, no pod, or nobody who says whether a request may pass."""


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


def wait_until_served(http: requests.Session, url: str, deadline_s: float) -> requests.Response:
    """The first answer that somebody gives; the ingress tells nobody when it has taken up a route, so it is asked, ten times a second.

    Raises:
        NotReady: it still leads nowhere at the deadline.
    """
    end = time.monotonic() + deadline_s
    while (answer := http.get(url, allow_redirects=False)).status_code in NOBODY:
        if time.monotonic() > end:
            raise NotReady(f"{url} to lead to its pod", seen=f"{answer.status_code} {answer.reason}")
        time.sleep(0.1)
    return answer
