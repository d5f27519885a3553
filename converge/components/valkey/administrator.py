"""The administrator's password: a server takes it at its start, and somebody may have changed it in the running one."""

from __future__ import annotations

from collections.abc import Sequence

from converge.apis.valkey import CommandRefused
from converge.components.part import Owner, PartWithSecret
from converge.components.parts.restarted import PasswordFromStart
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.components.valkey.server import ADMINISTRATOR_SECRET, NAMESPACE, server
from converge.components.valkey.user import login


class Administrator(PartWithSecret):
    """Whoever may do everything; every server takes the password at its start."""

    def __init__(self, owner: Owner, pods: Sequence[str]) -> None:
        self.secret = GeneratedSecret(owner.namespace, ADMINISTRATOR_SECRET, {"username": "=default", "password": "password"})
        self._pods = pods

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``; at most the last second of what was written is lost in a restart, as whenever a server ends."""
        return [AdministratorPassword(f"administrator of {pod}", NAMESPACE, pod, access) for pod in self._pods]

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        return (login(self.secret, access),)


class AdministratorPassword(PasswordFromStart):
    """A server knows its administrator by the Secret's password."""

    def is_known(self) -> bool:
        """See ``PasswordFromStart.is_known``."""
        password = self._access.secret(NAMESPACE, ADMINISTRATOR_SECRET, "password")
        try:
            server(self._access, self._pod).ask("AUTH", "default", password)
        except CommandRefused as refused:
            if "WRONGPASS" not in refused.seen:
                raise
            return False
        return True
