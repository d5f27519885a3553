"""Repositories of the Git server and who may use them, as settings."""

from __future__ import annotations

from collections.abc import Sequence

from converge import ssh_keys
from converge.apis.git import Grant
from converge.components.differences import absent
from converge.components.git.server import KEY, server
from converge.components.terms import Access, Difference, GeneratedSecret


class RepositoryItself:
    """A repository: what was pushed to it is people's."""

    within = "git"
    is_data = True

    def __init__(self, name: str, access: Access) -> None:
        self.subject = f"Git repository {name}"
        self._name = name
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        return () if self.is_there() else absent(self.subject)

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.make(self._name)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._name in self._server.repositories()

    def remove(self) -> None:
        """See ``Removable.remove``; with all that was pushed."""
        self._server.remove(self._name)


class GrantItself:
    """Who may read or write a repository; ``secret`` holds the key and the token."""

    within = "git"

    def __init__(self, name: str, repository: str, may: str, secret: GeneratedSecret, access: Access) -> None:
        self.subject = f"Git deploy key {name}"
        self._name = name
        self._repository = repository
        self._may = may
        self._secret = secret
        self._access = access
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``: a token is compared by its digest."""
        seen = self._server.grants().get(self._name)
        if seen is None:
            return absent(self.subject)
        wanted = self._grant().kept()
        hidden = {"key", "token"}
        return [
            Difference(self.subject, field, *(("(secret)", "(another)") if field in hidden else (value, seen.get(field))))
            for field, value in wanted.items()
            if seen.get(field) != value
        ]

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.write_grant(self._grant())

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._name in self._server.grants()

    def remove(self) -> None:
        """See ``Removable.remove``."""
        self._server.revoke(self._name)

    def _grant(self) -> Grant:
        key, token = (self._access.secret(self._secret.namespace, self._secret.name, name) for name in (KEY, "password"))
        return Grant(self._name, self._repository, self._may, ssh_keys.public(key), token)
