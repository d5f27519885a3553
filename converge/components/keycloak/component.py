"""Keycloak: one identity for every person and application, in production mode on PostgreSQL.

Source: Keycloak 26 guides ("Configuring Keycloak for production", "Configuring the hostname"); the image's contract is
quay.io/keycloak/keycloak, built beforehand with the options of its recipe, hence ``start --optimized``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.blocks import web_host
from converge.components.component import Access, Component, Context, Credential, Endpoint, GeneratedSecret, KubernetesObject, Setting
from converge.components.keycloak import oidc_client, realm
from converge.components.keycloak.administrator import Administrator
from converge.components.keycloak.kubernetes_login import CLIENT, PREFIX, KubernetesLogin
from converge.components.postgres import database
from converge.components.postgres.component import HOST
from converge.inventory import Inventory

LOOPBACK = ("http://localhost:8000", "http://localhost:18000")
"""Where kubectl's OIDC login programs listen for the code."""


class Keycloak(Component):
    """CORE-004: the realm, its administrators, and logins for people, applications and the Kubernetes API."""

    name = "keycloak"
    issue = "CORE-004"
    namespace = "keycloak"
    requires = ("cert-manager", "dns", "postgres")
    images = ("keycloak",)

    def endpoints(self, inventory: Inventory) -> Sequence[Endpoint]:
        """``https://auth.thinkube.test``."""
        return (Endpoint("web", inventory.host("auth")),)

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """Its database's, its administrator's, and those of the person who administers the platform."""
        return (database.credentials(self.name, self.namespace), *realm.secrets(inventory))

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """A database of its own."""
        return (database.Database(self.name, self.namespace, access),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """Server, service, host, and what members of the administrators' group may do in Kubernetes."""
        (endpoint,) = self.endpoints(context.inventory)
        names = {"image": context.image, "url": endpoint.url, "database_host": HOST, "ca_pem": context.ca_pem()}
        administrators = f"{PREFIX}{realm.ADMINISTRATORS}"
        return (
            *manifests.render(Path(__file__).parent, administrators=administrators, **names),
            web_host("keycloak", self.namespace, endpoint.host, "keycloak", "http"),
        )

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """Its administrator, the realm, the client for Kubernetes, and the API server's trust in both."""
        here = realm.realm(context.inventory, access)
        return (
            Administrator(context.inventory, access),
            *realm.settings(context.inventory, here, access),
            oidc_client.public(here, CLIENT, redirect_uris=LOOPBACK),
            KubernetesLogin(context, access),
        )

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """Its database's password, and those of the administrators."""
        kept = database.credentials(self.name, self.namespace)
        return (database.login(kept, self.name, access), *realm.credentials(context.inventory, access))
