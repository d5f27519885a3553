"""The nodes pull from the registry with an account of their own: no manifest names a password."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.part import Part
from converge.components.terms import Access, Context, Difference, GeneratedSecret, Setting
from converge.nodes.provider import RegistryAccess


class RegistryAccount(Part):
    """Somebody at the registry ``host``; ``secret`` holds ``username`` and ``password``."""

    host: str
    secret: GeneratedSecret


class NodesPull(Part):
    """Every node trusts the platform's certificates at the registry and pulls with a login of theirs, which opens nothing else."""

    def __init__(self, account: RegistryAccount) -> None:
        self._account = account

    def parts(self) -> Sequence[Part]:
        """See ``Part.parts``."""
        return (self._account,)

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (NodesLogin(self._account, context, access),)


class NodesLogin:
    """What the nodes know of the registry; where they are somebody else's, nothing can be said and nothing is done."""

    within = ""

    def __init__(self, account: RegistryAccount, context: Context, access: Access) -> None:
        self.subject = f"nodes' login at {account.host}"
        self._account = account
        self._context = context
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        otherwise = self._access.cluster().pulls_otherwise(self._wanted())
        return [Difference(self.subject, node, wanted="(secret)", seen="(another)") for node in otherwise]

    def write(self) -> None:
        """See ``Setting.write``."""
        self._access.cluster().let_pull(self._wanted())

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._access.cluster().knows_registry(self._account.host)

    def remove(self) -> None:
        """See ``Removable.remove``."""
        self._access.cluster().forget_registry(self._account.host)

    def _wanted(self) -> RegistryAccess:
        secret = self._account.secret
        username, password = (self._access.secret(secret.namespace, secret.name, key) for key in ("username", "password"))
        trusts_platform = self._context.inventory.issuer.kind == "private-ca"
        return RegistryAccess(self._account.host, self._context.ca_pem() if trusts_platform else "", username, password)
