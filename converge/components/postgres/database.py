"""A database for a component that keeps rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.postgres import Login
from converge.components.part import Owner, PartWithSecret
from converge.components.postgres.database_setting import DatabaseItself
from converge.components.postgres.server import HOST, POD, server
from converge.components.terms import Access, Backup, Context, Credential, GeneratedSecret, Setting
from converge.errors import Refused, Unreachable


class Database(PartWithSecret):
    """A database and a role of the component's name, which no other role may connect to: ``Database(self)``.

    Connect to ``host`` with ``sslmode=verify-full``; ``secret`` holds ``username`` and ``password``. With ``administers`` the role may do
    everything in the whole server.
    """

    uses = "database"
    requires = ("postgres",)
    host = HOST

    def __init__(self, owner: Owner, *, administers: bool = False) -> None:
        self.name = owner.name
        self._administers = administers
        self.secret = GeneratedSecret(owner.namespace, f"{owner.name}-database", {"username": f"={owner.name}", "password": "password"})

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        return (DatabaseItself(self.name, self.secret, access, administers=self._administers),)

    def backups(self, context: Context, access: Access) -> Sequence[Backup]:
        """See ``Part.backups``: its rows, to a file on the server's own volume."""
        return (Backup(f"database {self.name}", lambda: server(access).copy(self.name)),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        return (login(self.secret, self.name, access),)


def login(secret: GeneratedSecret, database: str, access: Access, **more: Any) -> Credential:
    """A role's password, as it is used over the network; ``more`` as for ``Credential``."""

    def accepts(values: Mapping[str, str]) -> bool:
        try:
            role = Login(HOST, database, values["username"], values["password"])
            role.run(lambda argv, stdin: access.execute(*POD, argv, stdin), "SELECT 1;")
        except Refused as refused:
            if "password authentication failed" in refused.seen:
                return False
            raise Unreachable(refused.wanted, seen=refused.seen) from refused
        return True

    return Credential(secret, accepts, **more)
