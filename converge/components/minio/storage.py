"""The platform's object store: where it is, and its root user."""

from __future__ import annotations

from converge.apis.minio import AccessKey
from converge.components.terms import Access
from converge.inventory import Inventory

ROOT_SECRET = "minio-root"  # noqa: S105 (a name)
PLATFORM_BUCKET = "thinkube"
"""The platform's own bucket."""


def url(inventory: Inventory) -> str:
    """The S3 API, the same from everywhere: presigned URLs hold its host."""
    return f"https://{inventory.host('minio')}"


def root_key(access: Access) -> AccessKey:
    """The root user's access key."""
    return AccessKey("root", access.secret("minio", ROOT_SECRET, "password"))
