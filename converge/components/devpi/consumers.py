"""devpi as developers and their programs meet it: uploading with its own credentials, and a mirror of somebody's packages for a while."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from converge.apis.devpi import PackageIndexes
from converge.apis.login import Login
from converge.components.devpi.server import NAMESPACE, PRODUCTION, UPLOADER, as_root, url

if TYPE_CHECKING:
    from converge.apis.devpi import Release
    from converge.components.terms import Access
    from converge.inventory import Inventory


def index_url(inventory: Inventory, index: str = PRODUCTION) -> str:
    """What pip is given as ``--index-url``."""
    return f"{url(inventory)}/{index}/+simple/"


def as_uploader(inventory: Inventory, access: Access) -> PackageIndexes:
    """devpi as the user with the right to upload sees it."""
    return PackageIndexes(access.http, url(inventory), Login(UPLOADER, access.secret(NAMESPACE, f"devpi-{UPLOADER}", "password")))


def as_somebody(inventory: Inventory, access: Access, login: Login | None) -> PackageIndexes:
    """devpi with these credentials, or none."""
    return PackageIndexes(access.http, url(inventory), login)


@contextlib.contextmanager
def removed_afterwards(inventory: Inventory, access: Access, release: Release) -> Iterator[Release]:
    """A package that is not left in `PRODUCTION`, whoever put it there."""
    try:
        yield release
    finally:
        as_root(inventory, access).remove_project(PRODUCTION, release.project)


@contextlib.contextmanager
def mirror(inventory: Inventory, access: Access, upstream: str) -> Iterator[str]:
    """A new mirror of a simple index, which asks it every time; removed at the end with what it has fetched."""
    name, root = f"root/throw-away-{secrets.token_hex(4)}", as_root(inventory, access)
    wanted = {"type": "mirror", "mirror_url": upstream, "mirror_cache_expiry": 0, "mirror_no_project_list": True, "volatile": True}
    root.write_index(name, wanted)
    try:
        yield name
    finally:
        root.remove_index(name)
