"""The ingress: one way in, on the ingress address's ports 80 and 443 (Traefik).

It serves Ingress objects of the default class. One of them names Secret ``wildcard-tls``: Traefik reads that through the API and presents
the platform's wildcard certificate for every host of the domain. No Secret is copied, no volume has to be synchronised, and a renewed
certificate is served at once. It may come later than the ingress (cert-manager requires the ingress): until then Traefik presents
a certificate that nobody trusts.
Source: Traefik 3.7.15.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.blocks import INGRESS_CLASS
from converge.components.component import Component
from converge.components.part import Owner, Part
from converge.components.parts.manifests import Manifests
from converge.components.parts.scraped import Scraped
from converge.components.terms import Endpoint, Probe
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
    called = "the ingress"
    keeps_nothing = "routes and certificates are the cluster's, requests are answered or asked again"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: Traefik, its class, and the Ingress that brings the certificate."""
        health = Health(self)
        traefik = Manifests(
            self,
            images=["traefik"],
            host=health.endpoint.host,
            ingress_class=INGRESS_CLASS,
            certificate=CERTIFICATE,
            dashboard_host=inventory.host("ingress-dashboard"),
            login_address=DASHBOARD_LOGIN,
        )
        return traefik, health, Scraped(self, selector={"app": "traefik"}, port=9100)


class Health(Part):
    """Its own health: ``https://ingress.thinkube.test/ping``, by an Ingress among its manifests."""

    def __init__(self, owner: Owner) -> None:
        self.endpoint = Endpoint("health", owner.inventory.host(owner.name), page="/ping")

    def endpoints(self) -> Sequence[Endpoint]:
        """See ``Part.endpoints``."""
        return (self.endpoint,)

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``."""
        return (Probe("page", self.endpoint.page_url),)
