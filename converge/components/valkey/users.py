"""A user of Valkey for a consumer: the building block that a component names to keep keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.valkey import COMMANDS, CommandRefused, Valkey, password_hash
from converge.components.component import Access, Credential, Difference, GeneratedSecret
from converge.components.differences import absent
from converge.errors import Unreachable

NAMESPACE = "valkey"
ADMINISTRATOR_SECRET = "valkey-admin"  # noqa: S105 (a name)
POD = "valkey-0"


def server(access: Access, pod: str = POD) -> Valkey:
    """A server, by default the one that takes writes, as its administrator, through the socket inside its pod."""
    return Valkey(lambda argv, stdin: access.execute(NAMESPACE, pod, argv, stdin))


def credentials(consumer: str, namespace: str) -> GeneratedSecret:
    """The Secret ``<consumer>-valkey`` in the consumer's namespace: ``username`` and a generated ``password``."""
    return GeneratedSecret(namespace, f"{consumer}-valkey", {"username": f"={consumer}", "password": "password"})


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


class User:
    """A user who may use the keys and channels that begin with ``prefix``, and no other."""

    def __init__(self, consumer: str, namespace: str, access: Access, *, prefix: str) -> None:
        self.subject = f"Valkey user {consumer}"
        self.within = "valkey"
        self._name = consumer
        self._prefix = prefix
        self._secret = credentials(consumer, namespace)
        self._access = access
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self._server.user(self._name)
        if seen is None:
            return absent(self.subject)
        found = []
        if seen.password_hashes != (password_hash(self._password()),):
            found.append(Difference(self.subject, "password", wanted="(secret)", seen="(another)"))
        rows = (
            ("may sign in", True, seen.is_enabled),
            ("commands", COMMANDS, seen.commands),
            ("keys", f"~{self._prefix}*", seen.keys),
            ("channels", f"&{self._prefix}*", seen.channels),
        )
        return found + [Difference(self.subject, field, wanted=wanted, seen=there) for field, wanted, there in rows if wanted != there]

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.write_user(self._name, self._password(), self._prefix)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._server.user(self._name) is not None

    def remove(self) -> None:
        """See ``Removable.remove``; with its keys."""
        self._server.remove_user(self._name, self._prefix)

    def _password(self) -> str:
        return self._access.secret(self._secret.namespace, self._secret.name, "password")
