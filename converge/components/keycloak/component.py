"""Keycloak: one identity for every person and application, in production mode on PostgreSQL.

Source: Keycloak 26 guides ("Configuring Keycloak for production", "Configuring the hostname"); the image's contract is
quay.io/keycloak/keycloak, built beforehand with the options of its recipe, hence ``start --optimized``.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.keycloak.administrator import Administrator
from converge.components.keycloak.kubernetes_login import CLIENT, PREFIX, KubernetesLogin
from converge.components.keycloak.oidc_client import PublicClient
from converge.components.keycloak.platform_realm import PlatformRealm
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.scraped import Scraped
from converge.components.parts.trust import CaBundle
from converge.components.postgres.database import Database
from converge.inventory import Inventory

LOOPBACK = ("http://localhost:8000", "http://localhost:18000")
"""Where kubectl's OIDC login programs listen for the code."""


class Keycloak(Component):
    """CORE-004: the realm, its administrators, and logins for people, applications and the Kubernetes API."""

    name = "keycloak"
    issue = "CORE-004"
    namespace = "keycloak"
    called = "Keycloak"
    keeps = "people"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: its server, what the realm holds, and the API server's trust in the realm."""
        database, ca, web, administrator = Database(self), CaBundle(self), WebHost(self, host="auth", port="http"), Administrator(self)
        server = Manifests(
            self,
            images=["keycloak"],
            database=database,
            ca=ca,
            web=web,
            administrator=administrator,
            administrators=f"{PREFIX}{ADMINISTRATORS}",
        )
        kubectl = PublicClient(self, name=CLIENT, redirect_uris=LOOPBACK)
        kubernetes = Holds(lambda context, access: [kubectl.setting(context, access), KubernetesLogin(context, access)])
        scraped = Scraped(self, selector={"app.kubernetes.io/name": "keycloak"}, port=9000)
        return database, ca, server, web, administrator, PlatformRealm(self), kubernetes, scraped
