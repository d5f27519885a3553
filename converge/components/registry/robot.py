"""Robot accounts: how programs push and pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.keycloak import Representation, if_there
from converge.apis.login import Login
from converge.apis.registry import Registry
from converge.components.keycloak.docker_client import ATTRIBUTE
from converge.components.keycloak.realm import realm
from converge.components.keycloak.recovery import write_password
from converge.components.keycloak.settings import Person
from converge.components.part import Owner, PartWithSecret
from converge.components.registry import server
from converge.components.registry.nodes import RegistryAccount
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.kubernetes.secrets import moment, written_at


class RobotAccount(PartWithSecret, RegistryAccount):
    """An account of the component's in the registry at ``host``: ``RobotAccount(self, may=["wiki/*:pull,push"])``.

    ``secret`` holds ``username`` and ``password``, with which any client logs in.
    """

    uses = "account of the registry"
    requires = ("registry",)

    def __init__(self, owner: Owner, *, may: Sequence[str], name: str = "") -> None:
        self.host = server.host(owner.inventory)
        self.name = f"robot-{name or owner.name}"
        self.secret = GeneratedSecret(owner.namespace, self.name, {"username": f"={self.name}", "password": "password"})
        self._may = list(may)

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``: somebody of the realm in no group, whose rights are the account's own."""
        wanted = {
            "username": self.name,
            "enabled": True,
            "email": f"{self.name}@{context.inventory.domain_name}",
            "emailVerified": True,
            "firstName": "Robot",
            "lastName": self.name,
            "attributes": {ATTRIBUTE: self._may},
        }
        return (Robot(wanted, self.secret, context, access),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: Keycloak keeps the password itself."""
        inventory = context.inventory

        def accepts(values: Mapping[str, str]) -> bool:
            return Registry(access.http, server.url(inventory), Login(values["username"], values["password"])).is_known()

        def change(_: Mapping[str, str], new: Mapping[str, str]) -> None:
            write_password(realm(inventory, access), new)

        return (Credential(self.secret, accepts, change, recover=lambda values: change({}, values)),)


class Robot(Person):
    """The account in the realm; gone with a rollback that takes data away."""

    within = "keycloak"

    def __init__(self, wanted: Representation, secret: GeneratedSecret, context: Context, access: Access) -> None:
        super().__init__(
            realm(context.inventory, access),
            wanted,
            groups=[],
            password=lambda: access.secret(secret.namespace, secret.name, "password"),
            since=lambda: moment(written_at(access.api().get("Secret", secret.name, secret.namespace))),
        )

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self.read() is not None

    def remove(self) -> None:
        """See ``Removable.remove``."""
        if (seen := self.read()) is not None:
            if_there(self.realm.admin.delete_user, seen["id"])
