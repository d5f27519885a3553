"""Backups of PostgreSQL: every night each database goes to object storage, and comes back from there when asked.

A component of its own, because object storage needs Keycloak, which needs PostgreSQL.
Source: PostgreSQL 17 (pg_dump, pg_restore), rclone's S3 backend (configured by environment only).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.component import Access, Component, Context, Credential, GeneratedSecret, KubernetesObject, Setting
from converge.components.minio import storage
from converge.components.postgres.component import HOST
from converge.inventory import Inventory

BUCKET = "postgres-backup"
KEPT_DAYS = 30


class PostgresBackup(Component):
    """CORE-005: a dump of every database in object storage, and a restore that is proven."""

    name = "postgres-backup"
    issue = "CORE-005"
    namespace = "postgres"
    requires = ("postgres", "minio")
    images = ("postgres", "rclone")

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """An access key for its bucket only."""
        return (storage.credentials(self.name, self.namespace),)

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """A bucket, and a user for it."""
        inventory = context.inventory
        return (
            storage.Bucket(BUCKET, inventory, access),
            storage.BucketUser(self.name, self.namespace, BUCKET, inventory, access),
        )

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """Two CronJobs: one that backs up, and a suspended one that jobs are made from to restore."""
        return manifests.render(
            Path(__file__).parent,
            image=context.image,
            ca_pem=context.ca_pem(),
            database_host=HOST,
            storage_url=storage.url(context.inventory),
            bucket=BUCKET,
            kept=f"{KEPT_DAYS}d",
        )

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """Its access key; jobs read it when they begin."""
        return (storage.login(storage.credentials(self.name, self.namespace), context.inventory, access),)
