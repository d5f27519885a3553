"""PostgreSQL: one server for every component that keeps rows; TLS only, a role and a database of its own for each.

Source: PostgreSQL 17 documentation ("Secure TCP/IP Connections with SSL", "The pg_hba.conf File"); the image's contract is
docker.io/library/postgres.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.component import Access, Component, Context, GeneratedSecret, KubernetesObject, Setting
from converge.components.postgres.certificate import ServedCertificate
from converge.inventory import Inventory

HOST = "postgres.postgres.svc"
"""The name that the server's certificate holds; consumers connect to it with ``sslmode=verify-full``."""


class Postgres(Component):
    """CORE-005: rows for components, in a database of their own each."""

    name = "postgres"
    issue = "CORE-005"
    namespace = "postgres"
    requires = ("storage", "cert-manager")
    images = ("postgres",)

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """The superuser's; it is used by backups only, everything else goes through the socket inside the pod."""
        return (GeneratedSecret("postgres", "postgres-superuser", {"username": "=postgres", "password": "password"}),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """Server, service and certificate."""
        storage = context.inventory.options(self.name).storage or "10Gi"
        is_ready = ("pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres", "--dbname=postgres")
        return manifests.render(Path(__file__).parent, image=context.image, storage=storage, is_ready=is_ready)

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """That a renewed certificate is served."""
        return (ServedCertificate(access),)
