"""PostgreSQL: one server for every component that keeps rows; TLS only, a role and a database of its own for each.

Source: PostgreSQL 17 documentation ("Secure TCP/IP Connections with SSL", "The pg_hba.conf File"); the image's contract is
docker.io/library/postgres.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.component import Access, Component, Context, Credential, GeneratedSecret, KubernetesObject, Setting
from converge.components.postgres.certificate import ServedCertificate
from converge.components.postgres.database import HOST as HOST
from converge.components.postgres.database import login, server
from converge.components.postgres.rules import ReadRules
from converge.components.postgres.superuser import SuperuserPassword
from converge.inventory import Inventory


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
        """That a renewed certificate is served, that the access rules are in force, and the superuser's password."""
        (superuser,) = self.secrets(context.inventory)
        return (ServedCertificate(access), ReadRules(access), SuperuserPassword(superuser, access))

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """The superuser's password: the server read it from the Secret at its first start only."""
        (superuser,) = self.secrets(context.inventory)
        change = lambda _, new: server(access).write_password("postgres", new["password"])  # noqa: E731
        return (login(superuser, "postgres", access, change=change, needs_restart=False),)
