"""AWX's own administrator: a start of the pod gives the password, and somebody may have changed it in the running one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.awx import Awx
from converge.apis.login import Login
from converge.components.awx.server import ADMINISTRATOR_SECRET, NAME, OWN, POD, as_administrator, url
from converge.components.part import Owner, PartWithSecret
from converge.components.parts.restarted import PasswordFromStart
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.inventory import Inventory


class Administrator(PartWithSecret):
    """Whoever may do everything in AWX."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, ADMINISTRATOR_SECRET, {"username": f"={OWN}", "password": "password"})

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (AwxAdministratorPassword(context.inventory, access),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""

        def accepts(values: Mapping[str, str]) -> bool:
            return Awx(access.http, url(context.inventory), Login(values["username"], values["password"])).is_known()

        return (Credential(self.secret, accepts),)


class AwxAdministratorPassword(PasswordFromStart):
    """AWX knows its administrator by the Secret's password."""

    def __init__(self, inventory: Inventory, access: Access) -> None:
        super().__init__("administrator of AWX itself", NAME, POD, access)
        self.awx = as_administrator(inventory, access)

    def is_known(self) -> bool:
        """See ``PasswordFromStart.is_known``."""
        return self.awx.is_known()
