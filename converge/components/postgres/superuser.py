"""The superuser's password: the server read it from the Secret at its first start only, and somebody may have changed it since."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Access, Difference, GeneratedSecret
from converge.components.postgres.database import server


class SuperuserPassword:
    """The superuser signs in over the network with its Secret's password; told through the socket, which asks for none."""

    subject = "password of PostgreSQL's superuser"

    def __init__(self, secret: GeneratedSecret, access: Access) -> None:
        self._secret = secret
        self._access = access
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        role, _ = self._server.look("postgres")
        if role is not None and role.accepts(self._password()):
            return ()
        return (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.write_password("postgres", self._password())

    def _password(self) -> str:
        return self._access.secret(self._secret.namespace, self._secret.name, "password")
