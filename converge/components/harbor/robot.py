"""Robots of Harbor's: how programs push and pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.login import Login
from converge.apis.registry import Registry
from converge.components.harbor.server import NAME, ROBOT_PREFIX, as_administrator, url
from converge.components.harbor.settings import HarborRobot
from converge.components.part import Owner, PartWithSecret
from converge.components.registry.nodes import RegistryAccount
from converge.components.terms import Access, Context, Credential, Difference, GeneratedSecret, Setting
from converge.inventory import Inventory


class HarborAccount(PartWithSecret, RegistryAccount):
    """An account of the component's in Harbor at ``host``: ``HarborAccount(self, "wiki", may={"thinkube": ["push", "pull"]})``.

    ``secret`` holds ``username`` and ``password``; the place ``"*"`` is every project.
    """

    uses = "account of Harbor"
    requires = (NAME,)

    def __init__(self, owner: Owner, name: str, *, may: Mapping[str, Sequence[str]]) -> None:
        self.host = owner.inventory.host(NAME)
        self.secret = GeneratedSecret(
            owner.namespace, f"harbor-robot-{name}", {"username": f"={ROBOT_PREFIX}{name}", "password": "password"}
        )
        self._name = name
        self._may = may

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        robot = HarborRobot(as_administrator(context.inventory, access), ROBOT_PREFIX, self._name, self._may)
        return robot, RobotSecret(robot, self.secret, context.inventory, access)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: a setting carries a new secret."""
        return (Credential(self.secret, lambda values: _opens(context.inventory, access, values["username"], values["password"])),)


class RobotSecret:
    """A robot whose secret is its Secret's: Harbor makes one up and tells it once, or takes one that it is given."""

    within = "harbor"

    def __init__(self, robot: HarborRobot, secret: GeneratedSecret, inventory: Inventory, access: Access) -> None:
        self.subject = f"secret of {robot.subject}"
        self.robot = robot
        self._secret = secret
        self._inventory = inventory
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``: it cannot be read back, but it can be used."""
        if _opens(self._inventory, self._access, self.robot.name, self._password()):
            return ()
        return (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)

    def write(self) -> None:
        """See ``Setting.write``."""
        if (seen := self.robot.read()) is not None:
            self.robot.harbor.give_secret(seen["id"], self._password())

    def _password(self) -> str:
        return self._access.secret(self._secret.namespace, self._secret.name, "password")


def _opens(inventory: Inventory, access: Access, username: str, password: str) -> bool:
    """Whether Harbor gives a token to this login."""
    return Registry(access.http, url(inventory), Login(username, password)).is_known()
