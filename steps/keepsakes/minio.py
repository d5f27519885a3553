"""MinIO keeps an object in a bucket."""

from __future__ import annotations

from collections.abc import Iterator

from converge.apis.minio import ObjectStore
from converge.components.minio import consumers
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake
from steps.objects import CONTENT, NAME, object_reads


@keepsake("minio")
def stored(platform: Platform, inventory: Inventory, objects: ObjectStore) -> Iterator[Check]:
    with consumers.bucket(inventory, platform.access) as bucket:
        objects.put(bucket, NAME, CONTENT)
        yield lambda: object_reads(platform, objects, bucket)
