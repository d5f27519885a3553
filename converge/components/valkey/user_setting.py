"""A user of Valkey's, as a setting."""

from __future__ import annotations

from collections.abc import Sequence

from converge.apis.valkey import COMMANDS, Reach, password_hash
from converge.components.differences import absent
from converge.components.terms import Access, Difference, GeneratedSecret
from converge.components.valkey.server import server


class User:
    """A user who may use the keys and channels in ``reach``, and no other; ``secret`` holds its password."""

    def __init__(self, consumer: str, secret: GeneratedSecret, access: Access, *, reach: Reach) -> None:
        self.subject = f"Valkey user {consumer}"
        self.within = "valkey"
        self._name = consumer
        self._reach = reach
        self._secret = secret
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
            ("keys", self._reach.keys, seen.keys),
            ("channels", self._reach.channels, seen.channels),
        )
        return found + [Difference(self.subject, field, wanted=wanted, seen=there) for field, wanted, there in rows if wanted != there]

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.write_user(self._name, self._password(), self._reach)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._server.user(self._name) is not None

    def remove(self) -> None:
        """See ``Removable.remove``; with its keys."""
        self._server.remove_user(self._name, self._reach)

    def _password(self) -> str:
        return self._access.secret(self._secret.namespace, self._secret.name, "password")
