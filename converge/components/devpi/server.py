"""Where devpi is, which indexes it has, and how it is reached as root."""

from __future__ import annotations

from converge.apis.devpi import PackageIndexes
from converge.apis.login import Login
from converge.components.terms import Access
from converge.inventory import Inventory

NAMESPACE = "devpi"
SERVICE = "devpi-server"
POD = "devpi-server-0"
API_HOST = "devpi-api"
"""The host for programs; the one for people is called like the component."""

ROOT_SECRET = "devpi-root"  # noqa: S105 (a name)
UPLOADER = "uploader"
"""Who may put packages into `PRODUCTION`."""

PRODUCTION = "root/prod"
"""What developers release: a version that is there stays as it is."""

MIRROR = "root/pypi"
"""Public packages; `PRODUCTION` shows them too."""


def url(inventory: Inventory) -> str:
    """``https://devpi-api.thinkube.test``."""
    return f"https://{inventory.host(API_HOST)}"


def as_root(inventory: Inventory, access: Access) -> PackageIndexes:
    """devpi as root may use it."""
    return PackageIndexes(access.http, url(inventory), Login("root", access.secret(NAMESPACE, ROOT_SECRET, "password")))
