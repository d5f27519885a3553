"""The ingress: one way in, on the ingress address's ports 80 and 443 (Traefik).

It serves Ingress objects of the default class. One of them names Secret ``wildcard-tls``: Traefik reads that through the API and presents
the platform's wildcard certificate for every host of the domain. No Secret is copied, no volume has to be synchronised, and a renewed
certificate is served at once. It may come later than the ingress (cert-manager requires the ingress): until then Traefik presents
a certificate that nobody trusts.
Source: Traefik 3.7.15.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.blocks import INGRESS_CLASS
from converge.components.component import Component, Context, Endpoint, KubernetesObject
from converge.inventory import Inventory

NAMESPACE = "ingress"
CERTIFICATE = "wildcard-tls"
"""The Secret that holds the platform's wildcard certificate."""

DASHBOARD_LOGIN = "http://ingress-dashboard.ingress-dashboard.svc/"
"""Who is asked whether somebody may see the dashboard: the component ingress-dashboard, which requires this one."""


class Ingress(Component):
    """CORE-001: what people and programs reach the platform through."""

    name = "ingress"
    issue = "CORE-001"
    namespace = NAMESPACE
    requires = ("control-node",)
    images = ("traefik",)

    def endpoints(self, inventory: Inventory) -> Sequence[Endpoint]:
        """Its own health: ``https://ingress.thinkube.test/ping``."""
        return (Endpoint("web", inventory.host("ingress"), page="/ping"),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """Traefik, its class, and the Ingress that brings the certificate."""
        return manifests.render(
            Path(__file__).parent,
            namespace_name=NAMESPACE,
            image=context.image("traefik"),
            address=context.ingress_address,
            host=context.inventory.host("ingress"),
            ingress_class=INGRESS_CLASS,
            certificate=CERTIFICATE,
            dashboard_host=context.inventory.host("ingress-dashboard"),
            login_address=DASHBOARD_LOGIN,
        )
