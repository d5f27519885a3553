"""The platform's realm: where it is, which group administers, and how its administrator reaches it."""

from __future__ import annotations

from functools import partial

from converge.apis.keycloak import Keycloak, Realm
from converge.components.terms import Access
from converge.inventory import Inventory

REALM = "thinkube"
ADMINISTRATORS = "cluster-admins"
"""The group whose members administer the platform."""

GRANTING = ("policy", "registry")
"""Attributes of people and groups that open something: object storage and registries."""

ADMINISTRATOR_SECRET = "keycloak-admin"  # noqa: S105 (a name)
PERSON_SECRET = "realm-admin"  # noqa: S105 (a name)


def issuer(inventory: Inventory) -> str:
    """The one issuer URL, compared byte for byte by everyone: ``https://auth.thinkube.test/realms/thinkube``."""
    return f"https://{inventory.host('auth')}/realms/{REALM}"


def realm(inventory: Inventory, access: Access, name: str = REALM) -> Realm:
    """A realm as Keycloak's administrator sees it."""
    url = f"https://{inventory.host('auth')}"
    password = partial(access.secret, "keycloak", ADMINISTRATOR_SECRET, "password")
    return Keycloak(access.http, url, "admin", password, share=True, secret=f"keycloak/{ADMINISTRATOR_SECRET}").realm(name)
