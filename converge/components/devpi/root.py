"""devpi's root: the server takes the password at its start, and somebody may have changed it in the running one."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.devpi.server import NAMESPACE, POD, ROOT_SECRET, as_root
from converge.components.devpi.user import login
from converge.components.part import Owner, PartWithSecret
from converge.components.parts.restarted import PasswordFromStart
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.inventory import Inventory


class Root(PartWithSecret):
    """Whoever may do everything in devpi."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, ROOT_SECRET, {"username": "=root", "password": "password"})

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (RootPassword(context.inventory, access),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        return (login(self.secret, context.inventory, access),)


class RootPassword(PasswordFromStart):
    """The server knows root by the Secret's password."""

    def __init__(self, inventory: Inventory, access: Access) -> None:
        super().__init__("root of devpi", NAMESPACE, POD, access)
        self._inventory = inventory

    def is_known(self) -> bool:
        """See ``PasswordFromStart.is_known``."""
        return as_root(self._inventory, self._access).is_known()
