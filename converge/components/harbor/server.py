"""Where Harbor is, what it keeps from its first start on, and how its administrator reaches it."""

from __future__ import annotations

from converge.apis.harbor import Harbor
from converge.apis.login import Login
from converge.components.terms import Access
from converge.inventory import Inventory

NAME = "harbor"
ADMINISTRATOR_SECRET = "harbor-admin"  # noqa: S105 (a name)
ADMINISTRATORS = "harbor-admins"
"""The group whose members administer Harbor."""

PROJECT = "thinkube"
"""The platform's own images."""

PROXY = "library"
"""Images of a registry elsewhere, pulled through Harbor and kept."""

ROBOT_PREFIX = "robot$"
"""What Harbor puts before the names of robots."""


def url(inventory: Inventory) -> str:
    """``https://harbor.thinkube.test``."""
    return f"https://{inventory.host(NAME)}"


def as_administrator(inventory: Inventory, access: Access) -> Harbor:
    """Harbor as its administrator sees it, who is no person of the realm."""
    return Harbor(access.http, url(inventory), Login("admin", access.secret(NAME, ADMINISTRATOR_SECRET, "password")))
