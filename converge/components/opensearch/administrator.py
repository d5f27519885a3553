"""Its own administrator, and the ways to sign in: the server is told of both at its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.login import Login
from converge.components.differences import differences
from converge.components.opensearch.server import ADMINISTRATOR_SECRET, NAME, NAMESPACE, POD, as_administrator, as_login
from converge.components.part import Owner, PartWithSecret
from converge.components.parts.restarted import PasswordFromStart
from converge.components.terms import Access, Context, Credential, Difference, GeneratedSecret, Setting
from converge.errors import Refused
from converge.inventory import Inventory

TOLD = "/data/told"
"""Of what the server was told last, in its volume; without it, it is told again."""


class Administrator(PartWithSecret):
    """Whoever may do everything; ``sign_on`` are the ways to sign in."""

    def __init__(self, owner: Owner, sign_on: Mapping[str, Any]) -> None:
        self.secret = GeneratedSecret(owner.namespace, ADMINISTRATOR_SECRET, {"username": "=admin", "password": "password"})
        self._sign_on = sign_on

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return OpenSearchPassword(context.inventory, access), OpenSearchSignOn(self._sign_on, context.inventory, access)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""

        def accepts(values: Mapping[str, str]) -> bool:
            return as_login(context.inventory, access, Login(values["username"], values["password"])).is_known()

        return (Credential(self.secret, accepts),)


class ToldAtStart(PasswordFromStart):
    """What the server has otherwise than its start says: it is told again."""

    def __init__(self, subject: str, inventory: Inventory, access: Access) -> None:
        super().__init__(subject, NAMESPACE, POD, access)
        self._inventory = inventory

    def write(self) -> None:
        """See ``Setting.write``."""
        self._access.execute(NAMESPACE, POD, ["rm", "-f", TOLD], "")
        super().write()


class OpenSearchPassword(ToldAtStart):
    """The server knows its administrator by the Secret's password."""

    def __init__(self, inventory: Inventory, access: Access) -> None:
        super().__init__("administrator of OpenSearch", inventory, access)

    def is_known(self) -> bool:
        """See ``PasswordFromStart.is_known``."""
        return as_administrator(self._inventory, self._access).is_known()


class OpenSearchSignOn(ToldAtStart):
    """People sign in with tokens of the realm, the administrator with the password."""

    def __init__(self, wanted: Mapping[str, Any], inventory: Inventory, access: Access) -> None:
        super().__init__("sign-on of OpenSearch", inventory, access)
        self._wanted = wanted

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``; who cannot sign in as administrator cannot see it, and that is a difference of its own."""
        try:
            seen = as_administrator(self._inventory, self._access).sign_on()
        except Refused as refused:
            if refused.seen.startswith("401"):
                return ()
            raise
        return differences(self.subject, self._wanted["dynamic"], seen)


def sign_on(issuer: str, audience: str) -> Mapping[str, Any]:
    """``config.dynamic`` of the security plugin: whom the server believes, the realm's tokens for one client among them."""
    realm = {
        "openid_connect_url": f"{issuer}/.well-known/openid-configuration",
        "required_issuer": issuer,
        "required_audience": audience,
        "subject_key": "preferred_username",
        "roles_key": "groups",
        "openid_connect_idp": {"enable_ssl": True, "verify_hostnames": True, "pemtrustedcas_filepath": "trusted.pem"},
    }
    return {
        "dynamic": {
            "authc": {
                f"{NAME}-own": {
                    "http_enabled": True,
                    "order": 0,
                    "http_authenticator": {"type": "basic", "challenge": False},
                    "authentication_backend": {"type": "intern"},
                },
                "people": {
                    "http_enabled": True,
                    "order": 1,
                    "http_authenticator": {"type": "openid", "challenge": False, "config": realm},
                    "authentication_backend": {"type": "noop"},
                },
            }
        }
    }
