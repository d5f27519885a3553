"""A database for a consumer: the building block that a component names to keep rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.postgres import Login, Postgres
from converge.components.component import Access, Credential, Difference, GeneratedSecret
from converge.errors import Refused, Unreachable

POD = ("postgres", "postgres-0")
HOST = "postgres.postgres.svc"
"""The name that the server's certificate holds; consumers connect to it with ``sslmode=verify-full``."""


def server(access: Access) -> Postgres:
    """The platform's PostgreSQL, as its superuser, through the socket inside its pod."""
    return Postgres(lambda argv, stdin: access.execute(*POD, argv, stdin))


def credentials(consumer: str, namespace: str) -> GeneratedSecret:
    """The Secret ``<consumer>-database`` in the consumer's namespace: ``username`` and a generated ``password``."""
    return GeneratedSecret(namespace, f"{consumer}-database", {"username": f"={consumer}", "password": "password"})


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


class Database:
    """A role and a database of the consumer's name, which no other role may connect to.

    ``Database("keycloak", "keycloak", access)`` beside ``credentials("keycloak", "keycloak")`` is all that a component says.
    """

    def __init__(self, consumer: str, namespace: str, access: Access) -> None:
        self.subject = f"database {consumer}"
        self.within = "postgres"
        self.is_data = True
        self._name = consumer
        self._secret = credentials(consumer, namespace)
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
            found += self._compare(f"role {self._name}", "is privileged", False, role.is_privileged)
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
        self._server.write(self._name, self._password())

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
