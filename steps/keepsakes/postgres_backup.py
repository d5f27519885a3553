"""The backup keeps what lies in its bucket, and the key to that bucket alone."""

from __future__ import annotations

from collections.abc import Iterator

from converge.apis.minio import ObjectStore
from converge.components.postgres_backup.component import BUCKET
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake
from steps.objects import CONTENT, key_limited

NAME = "throw-away/hello.txt"


@keepsake("postgres-backup")
def backup(platform: Platform, inventory: Inventory, objects: ObjectStore) -> Iterator[Check]:
    objects.put(BUCKET, NAME, CONTENT)

    def find() -> None:
        key_limited(platform, inventory, "postgres-backup", BUCKET)
        assert objects.get(BUCKET, NAME) == CONTENT

    yield find
    objects.remove(BUCKET, NAME)
