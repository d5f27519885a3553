"""The superuser's password: the server read it from the Secret at its first start only, and somebody may have changed it since."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.part import Owner, PartWithSecret
from converge.components.postgres.database import login
from converge.components.postgres.server import server
from converge.components.terms import Access, Context, Credential, Difference, GeneratedSecret, Setting


class Superuser(PartWithSecret):
    """Whoever may do everything; used by backups only, everything else goes through the socket inside the pod."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, "postgres-superuser", {"username": "=postgres", "password": "password"})

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (SuperuserPassword(self.secret, access),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: the server read it from the Secret at its first start only."""
        change = lambda _, new: server(access).write_password("postgres", new["password"])  # noqa: E731
        return (login(self.secret, "postgres", access, change=change, needs_restart=False),)


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
