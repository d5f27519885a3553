"""A user of devpi's, for programs that upload packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.devpi import PackageIndexes
from converge.apis.login import Login
from converge.components.devpi.server import as_root, url
from converge.components.differences import absent
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, Difference, GeneratedSecret, Setting
from converge.inventory import Inventory


class IndexUser(PartWithSecret):
    """A user that indexes may name in ``acl_upload``: ``IndexUser(self, "uploader")``; ``secret`` holds ``username`` and ``password``."""

    uses = "user of the package index"
    requires = ("devpi",)

    def __init__(self, owner: Owner, name: str) -> None:
        self.name = name
        self.secret = GeneratedSecret(owner.namespace, f"devpi-{name}", {"username": f"={name}", "password": "password"})

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (UserItself(self.name, self.secret, context.inventory, access),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: a setting carries a new password."""
        return (login(self.secret, context.inventory, access),)


class UserItself:
    """A user whose password is its Secret's."""

    within = "devpi"

    def __init__(self, name: str, secret: GeneratedSecret, inventory: Inventory, access: Access) -> None:
        self.subject = f"devpi user {name}"
        self._name = name
        self._secret = secret
        self._inventory = inventory
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``: a password cannot be read back, but it can be used."""
        if not self.is_there():
            return absent(self.subject)
        login = Login(self._name, self._password())
        if PackageIndexes(self._access.http, url(self._inventory), login).is_known():
            return ()
        return (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)

    def write(self) -> None:
        """See ``Setting.write``."""
        self._indexes().write_user(self._name, self._password())

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._indexes().has_user(self._name)

    def remove(self) -> None:
        """See ``Removable.remove``; with its own indexes."""
        self._indexes().remove_user(self._name)

    def _indexes(self) -> PackageIndexes:
        return as_root(self._inventory, self._access)

    def _password(self) -> str:
        return self._access.secret(self._secret.namespace, self._secret.name, "password")


def login(secret: GeneratedSecret, inventory: Inventory, access: Access) -> Credential:
    """A user's password."""

    def accepts(values: Mapping[str, str]) -> bool:
        return PackageIndexes(access.http, url(inventory), Login(values["username"], values["password"])).is_known()

    return Credential(secret, accepts)
