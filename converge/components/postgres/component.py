"""PostgreSQL: one server for every component that keeps rows; TLS only, a role and a database of its own for each (`database`).

Source: PostgreSQL 17 documentation ("Secure TCP/IP Connections with SSL", "The pg_hba.conf File"); the image's contract is
docker.io/library/postgres.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import ServerCertificate
from converge.components.parts.volume import Volume
from converge.components.postgres.certificate import ServedCertificate
from converge.components.postgres.rules import ReadRules
from converge.components.postgres.server import HOST
from converge.components.postgres.superuser import Superuser
from converge.components.postgres.upgrade import MajorUpgrade, folder
from converge.inventory import Inventory

IS_READY = ("pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres", "--dbname=postgres")


class Postgres(Component):
    """CORE-005: rows for components, in a database of their own each."""

    name = "postgres"
    issue = "CORE-005"
    namespace = "postgres"
    called = "PostgreSQL"
    keeps = "rows"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``."""
        volume, superuser = Volume(self, "10Gi"), Superuser(self)
        certificate = ServerCertificate(self, [HOST, f"{HOST}.cluster.local"])
        server = Manifests(
            self, images=["postgres"], volume=volume, certificate=certificate, superuser=superuser, is_ready=IS_READY, folder_of=folder
        )
        served = Holds(lambda _, access: [ServedCertificate(certificate.secret_name, access), ReadRules(access)])
        return volume, certificate, MajorUpgrade(), server, served, superuser
