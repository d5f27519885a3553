"""pgAdmin: the platform's PostgreSQL in the browser, for administrators, without a password of its own.

The login proxy says who asks, and pgAdmin believes it where the proxy's password comes along. Whoever signs in finds the platform's server,
to which pgAdmin signs in as a role of its own: an administrator can be told from every other program by it, and it can be taken away.
Source: pgAdmin 9.18 documentation ("Webserver authentication", "config.py", "Import/Export servers").
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from converge.components.component import Component
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.login_proxy.login_proxy import LoginProxy
from converge.components.part import Part
from converge.components.parts.manifests import Manifests
from converge.components.parts.volume import Volume
from converge.components.pgadmin.server import NAME, PASSWORD, PLATFORM, PORT, SERVICE
from converge.components.postgres.database import Database
from converge.inventory import Inventory


class Pgadmin(Component):
    """OPT-009: databases in the browser."""

    name = NAME
    issue = "OPT-009"
    namespace = NAME
    called = "pgAdmin"
    keeps = "settings"
    is_optional = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: who administers the cluster administers its databases, and nobody else."""
        volume, database = Volume(self, "1Gi"), Database(self, administers=True)
        proxy = LoginProxy(self, groups=[ADMINISTRATORS], upstream=f"http://{SERVICE}.{self.namespace}.svc:{PORT}", vouches=True)
        server = Manifests(
            self,
            images=["pgadmin"],
            follow=True,
            volume=volume,
            database=database,
            proxy=proxy,
            port=PORT,
            password=PASSWORD,
            first_user=f"pgadmin@{inventory.domain_name}",
            servers=json.dumps({"Servers": {"1": registered(database)}}, indent=1),
        )
        return volume, database, server, proxy


def registered(database: Database) -> dict[str, object]:
    """The platform's server, as pgAdmin reads it; the CA to verify it with stands in the environment of the pod."""
    return {
        "Name": PLATFORM,
        "Group": "Servers",
        "Host": database.host,
        "Port": 5432,
        "MaintenanceDB": "postgres",
        "Username": database.name,
        "ConnectionParameters": {"sslmode": "verify-full"},
        "PasswordExecCommand": f"cat {PASSWORD}",
        "Comment": "PostgreSQL of the platform",
    }
