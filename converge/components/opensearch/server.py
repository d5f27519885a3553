"""Where OpenSearch is, who may do what in it, and how its administrator reaches it."""

from __future__ import annotations

from converge.apis.login import Login
from converge.apis.opensearch import OpenSearch
from converge.components.terms import Access
from converge.http import sibling
from converge.inventory import Inventory

NAME = "opensearch"
NAMESPACE = "opensearch"
HOST = f"{NAME}.{NAMESPACE}.svc"
POD = "opensearch-0"
ADMINISTRATOR_SECRET = "opensearch-admin"  # noqa: S105 (a name)

ADMINISTRATORS, EDITORS, VIEWERS = "opensearch-admin", "opensearch-editor", "opensearch-viewer"
"""Groups of the realm, and what each may do: everything; reading and writing every index; reading every index."""

HEALTH = "/_plugins/_security/health"
"""A page that answers a stranger."""


def url(inventory: Inventory) -> str:
    """``https://opensearch.thinkube.test``."""
    return f"https://{inventory.host(NAME)}"


def as_login(inventory: Inventory, access: Access, login: Login | None) -> OpenSearch:
    """The server as one of its own users sees it, or a stranger (None)."""
    return OpenSearch(access.http, url(inventory), login)


def as_administrator(inventory: Inventory, access: Access) -> OpenSearch:
    """The server as its own administrator sees it, who is no person of the realm."""
    return as_login(inventory, access, Login("admin", access.secret(NAMESPACE, ADMINISTRATOR_SECRET, "password")))


def as_bearer(inventory: Inventory, access: Access, token: str) -> OpenSearch:
    """The server as the owner of an ID token sees it."""
    http = sibling(access.http)
    http.headers["Authorization"] = f"Bearer {token}"
    return OpenSearch(http, url(inventory), None)
