"""A role of PostgreSQL's and the database that belongs to it, as a setting."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.postgres.server import server
from converge.components.terms import Access, Difference, GeneratedSecret


class DatabaseItself:
    """A role and a database of its name, which no other role may connect to; ``secret`` holds its password.

    A role that ``administers`` is a superuser, every other has no privilege.
    """

    def __init__(self, consumer: str, secret: GeneratedSecret, access: Access, *, administers: bool = False) -> None:
        self.subject = f"database {consumer}"
        self.within = "postgres"
        self.is_data = True
        self._name = consumer
        self._secret = secret
        self._administers = administers
        self._access = access
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        role, database = self._server.look(self._name)
        found: list[Difference] = []
        if role is None:
            found.append(Difference(f"role {self._name}", "", wanted="present", seen="absent"))
        else:
            found += self._compare(f"role {self._name}", "may sign in", True, role.can_login)
            found += self._compare(f"role {self._name}", "is privileged", self._administers, role.is_privileged)
            if not role.accepts(self._password()):
                found.append(Difference(f"role {self._name}", "password", wanted="(secret)", seen="(another)"))
        if database is None:
            found.append(Difference(self.subject, "", wanted="present", seen="absent"))
        else:
            found += self._compare(self.subject, "owner", self._name, database.owner)
            found += self._compare(self.subject, "open to every role", False, database.is_open_to_public)
        return found

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.write(self._name, self._password(), administers=self._administers)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return any(self._server.look(self._name))

    def remove(self) -> None:
        """See ``Removable.remove``; with every row."""
        self._server.remove(self._name, self._name)

    def _password(self) -> str:
        return self._access.secret(self._secret.namespace, self._secret.name, "password")

    @staticmethod
    def _compare(subject: str, field: str, wanted: object, seen: object) -> list[Difference]:
        return [] if wanted == seen else [Difference(subject, field, wanted=wanted, seen=seen)]
