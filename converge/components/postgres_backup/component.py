"""Backups of PostgreSQL: every night each database goes to object storage, and comes back from there when asked.

A component of its own, because object storage needs Keycloak, which needs PostgreSQL.
Source: PostgreSQL 17 (pg_dump, pg_restore), rclone's S3 backend (configured by environment only).
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.minio.bucket import Bucket
from converge.components.part import Part
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.components.postgres.component import Postgres
from converge.components.postgres.server import HOST
from converge.components.postgres.superuser import Superuser
from converge.inventory import Inventory

BUCKET = "postgres-backup"
KEPT_DAYS = 30


class PostgresBackup(Component):
    """CORE-005: a dump of every database in object storage, and a restore that is proven."""

    name = "postgres-backup"
    issue = "CORE-005"
    namespace = Postgres.namespace
    called = "the backup"
    keeps = "backups"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: two CronJobs, one that backs up, and a suspended one that jobs are made from to restore."""
        ca, bucket = CaBundle(self), Bucket(self, name=BUCKET)
        jobs = Manifests(
            self,
            requires=["postgres"],
            images=["postgres", "rclone"],
            runs="jobs",
            ca=ca,
            bucket=bucket,
            database_host=HOST,
            superuser=Superuser(Postgres(inventory)),
            kept=f"{KEPT_DAYS}d",
        )
        return ca, bucket, jobs
