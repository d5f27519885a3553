"""A user of Valkey for a component that keeps keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.valkey import CommandRefused
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.components.valkey.server import HOST, server
from converge.components.valkey.user_setting import User
from converge.errors import Unreachable


class ValkeyUser(PartWithSecret):
    """A user of the component's name who may use the keys and channels that begin with ``prefix``: ``ValkeyUser(self, prefix="wiki:")``.

    Connect to ``host`` with TLS; ``secret`` holds ``username`` and ``password``.
    """

    requires = ("valkey",)
    host = HOST

    def __init__(self, owner: Owner, *, prefix: str) -> None:
        self.name = owner.name
        self.secret = GeneratedSecret(owner.namespace, f"{owner.name}-valkey", {"username": f"={owner.name}", "password": "password"})
        self._prefix = prefix

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        return (User(self.name, self.secret, access, prefix=self._prefix),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        return (login(self.secret, access),)


def login(secret: GeneratedSecret, access: Access) -> Credential:
    """A user's password."""

    def accepts(values: Mapping[str, str]) -> bool:
        try:
            server(access).ask("AUTH", values["username"], values["password"])
        except CommandRefused as refused:
            if "WRONGPASS" in refused.seen:
                return False
            raise Unreachable(refused.wanted, seen=refused.seen) from refused
        return True

    return Credential(secret, accepts)
