"""Where AWX is, and how its administrator reaches it."""

from __future__ import annotations

from converge.apis.awx import Awx
from converge.apis.login import Login
from converge.components.terms import Access
from converge.inventory import Inventory

NAME = "awx"
ADMINISTRATOR_SECRET = "awx-admin"  # noqa: S105 (a name)
ADMINISTRATORS = "awx-admins"
"""The group whose members administer AWX."""

OWN = "admin"
"""AWX's own administrator, who is no person of the realm."""

POD = "awx-task-0"
SIGN_ON = "/sso/login/oidc/"
CALLBACK = "/sso/complete/oidc/"


def url(inventory: Inventory) -> str:
    """``https://awx.thinkube.test``."""
    return f"https://{inventory.host(NAME)}"


def as_administrator(inventory: Inventory, access: Access) -> Awx:
    """AWX as its own administrator sees it."""
    return Awx(access.http, url(inventory), Login(OWN, access.secret(NAME, ADMINISTRATOR_SECRET, "password")))
