"""A user of Valkey for a component that keeps keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.valkey import CommandRefused, Reach
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.components.valkey.server import HOST, server
from converge.components.valkey.user_setting import User
from converge.errors import Unreachable


class ValkeyUser(PartWithSecret):
    """A user of the component's name who may use the keys and channels that begin with ``prefix``: ``ValkeyUser(self, prefix="wiki:")``.

    A product that knows no prefix names the patterns of its ``keys`` and ``channels``. Connect to ``host`` with TLS; ``secret`` holds
    ``username`` and ``password``.
    """

    uses = "user of Valkey"
    requires = ("valkey",)
    host = HOST

    def __init__(self, owner: Owner, *, prefix: str = "", keys: Sequence[str] = (), channels: Sequence[str] = ()) -> None:
        self.name = owner.name
        self.secret = GeneratedSecret(owner.namespace, f"{owner.name}-valkey", {"username": f"={owner.name}", "password": "password"})
        self.reach = Reach.of_prefix(prefix) if prefix else Reach(tuple(keys), tuple(channels))

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        return (User(self.name, self.secret, access, reach=self.reach),)

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
