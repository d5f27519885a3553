"""Throw-away buckets of MinIO: made for a scenario, removed after it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from converge.apis.minio import ObjectStore
from converge.components.minio import storage

if TYPE_CHECKING:
    from converge.components.terms import Access
    from converge.inventory import Inventory

PREFIX = "throw-away-"


@contextlib.contextmanager
def bucket(inventory: Inventory, access: Access) -> Iterator[str]:
    """The name of a new bucket, which is removed at the end with what is in it."""
    name, store = f"{PREFIX}{secrets.token_hex(4)}", root_store(inventory, access)
    store.make_bucket(name)
    try:
        yield name
    finally:
        store.remove_bucket(name)


def root_store(inventory: Inventory, access: Access) -> ObjectStore:
    """Object storage as its root user sees it."""
    return ObjectStore(access.http, storage.url(inventory), storage.root_key(access))
