"""Valkey: keys and values in memory that are also on disk; sessions, caches and messages between programs.

TLS only, a user of its own for each consumer. One server takes writes; further ones follow it and can be read (``replicas``).
Source: Valkey 8.1 documentation ("Persistence", "TLS", "ACL", "Replication").
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import ServerCertificate
from converge.components.parts.volume import Volume
from converge.components.valkey.administrator import Administrator
from converge.components.valkey.certificate import ServedCertificate
from converge.components.valkey.server import HOST, NAMESPACE
from converge.inventory import Inventory

ANSWERS = ("valkey-cli", "-e", "-s", "/run/valkey/valkey.sock", "ping")


class Valkey(Component):
    """OPT-011: a key-value store with persistence and passwords."""

    name = "valkey"
    issue = "OPT-011"
    namespace = NAMESPACE
    called = "Valkey"
    keeps = "keys and users"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: servers, the name of the one that takes writes, and their certificate."""
        replicas = inventory.options(self.name).replicas or 1
        pods = [f"valkey-{number}" for number in range(replicas)]
        volume, administrator = Volume(self, "5Gi"), Administrator(self, pods)
        hosts = [HOST, f"{HOST}.cluster.local", "*.valkey-servers.valkey.svc"]
        certificate = ServerCertificate(self, hosts, usages=["server auth", "client auth"])
        servers = Manifests(
            self, images=["valkey"], volume=volume, administrator=administrator, certificate=certificate, replicas=replicas, answers=ANSWERS
        )
        served = Holds(lambda _, access: [ServedCertificate(pod, certificate.secret_name, access) for pod in pods])
        return volume, certificate, servers, administrator, served
