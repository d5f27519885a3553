"""Valkey: keys and values in memory that are also on disk; sessions, caches and messages between programs.

TLS only, a user of its own for each consumer. One server takes writes; further ones follow it and can be read (``replicas``).
Source: Valkey 8.1 documentation ("Persistence", "TLS", "ACL", "Replication").
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.component import Access, Component, Context, Credential, GeneratedSecret, KubernetesObject, Setting
from converge.components.valkey.administrator import AdministratorPassword
from converge.components.valkey.certificate import ServedCertificate
from converge.components.valkey.users import ADMINISTRATOR_SECRET, NAMESPACE, login
from converge.inventory import Inventory

HOST = "valkey.valkey.svc"
"""The name that the certificate holds, and that leads to the server that takes writes."""


class Valkey(Component):
    """OPT-011: a key-value store with persistence and passwords."""

    name = "valkey"
    issue = "OPT-011"
    namespace = NAMESPACE
    requires = ("storage", "cert-manager")
    images = ("valkey",)

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """The administrator's password."""
        return (GeneratedSecret(self.namespace, ADMINISTRATOR_SECRET, {"username": "=default", "password": "password"}),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """Servers, the name of the one that takes writes, and their certificate."""
        options = context.inventory.options(self.name)
        answers = ("valkey-cli", "-e", "-s", "/run/valkey/valkey.sock", "ping")
        return manifests.render(
            Path(__file__).parent,
            image=context.image,
            storage=options.storage or "5Gi",
            replicas=options.replicas or 1,
            answers=answers,
            host=HOST,
            secret=ADMINISTRATOR_SECRET,
        )

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """Every server knows its administrator, and presents the certificate that was issued last."""
        pods = [f"valkey-{number}" for number in range(context.inventory.options(self.name).replicas or 1)]
        return [*(AdministratorPassword(pod, access) for pod in pods), *(ServedCertificate(pod, access) for pod in pods)]

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """The administrator's password, which every server takes at its start."""
        (administrator,) = self.secrets(context.inventory)
        return (login(administrator, access),)
