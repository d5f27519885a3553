"""Harbor's administrator, and how people sign in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.harbor import Harbor
from converge.apis.login import Login
from converge.components.differences import differences
from converge.components.harbor.server import ADMINISTRATOR_SECRET, ADMINISTRATORS, NAME, ROBOT_PREFIX, as_administrator, url
from converge.components.keycloak.oidc_client import ConfidentialClient
from converge.components.part import Owner, PartWithSecret
from converge.components.postgres.server import server
from converge.components.terms import Access, Context, Credential, Difference, GeneratedSecret, Setting
from converge.kubernetes.objects import annotations_of

TOLD = "thinkube.dev/told-harbor"
"""The annotation of the client's Secret that says which value Harbor was told, by its digest: Harbor does not tell it back."""


class Administrator(PartWithSecret):
    """Whoever may do everything in Harbor; the password is Harbor's own from its first start on."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, ADMINISTRATOR_SECRET, {"username": "=admin", "password": "password"})

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: Harbor is told, who tells itself from then on."""

        def of(values: Mapping[str, str]) -> Harbor:
            return Harbor(access.http, url(context.inventory), Login("admin", values["password"]))

        def change(old: Mapping[str, str], new: Mapping[str, str]) -> None:
            if not of(new).is_known():
                of(old).change_password(old["password"], new["password"])

        def recover(_: Mapping[str, str]) -> None:
            """A core that finds its administrator without a password at its start takes the Secret's."""
            server(access).run("UPDATE harbor_user SET password = '', salt = '' WHERE user_id = 1;", NAME)
            for pod in access.api().list("Pod", NAME, labels="app.kubernetes.io/name=harbor-core"):
                access.api().delete("Pod", pod["metadata"]["name"], NAME)

        return (Credential(self.secret, lambda values: of(values).is_known(), change, needs_restart=False, recover=recover),)


class HarborConfiguration:
    """Harbor's own fields: people sign in with the platform login, of which one group administers.

    How people sign in can be changed only until somebody has; so it comes before everything else.
    """

    subject = "configuration of Harbor"
    within = "harbor"

    def __init__(self, client: ConfidentialClient, context: Context, access: Access) -> None:
        self.harbor = as_administrator(context.inventory, access)
        self._secret = client.secret
        self._access = access
        self.wanted: Mapping[str, Any] = {
            "auth_mode": "oidc_auth",
            "primary_auth_mode": True,
            "oidc_name": "Thinkube",
            "oidc_endpoint": client.issuer,
            "oidc_client_id": client.name,
            "oidc_scope": "openid,profile,email,groups,offline_access",
            "oidc_groups_claim": "groups",
            "oidc_admin_group": ADMINISTRATORS,
            "oidc_user_claim": "preferred_username",
            "oidc_verify_cert": True,
            "oidc_auto_onboard": True,
            "oidc_logout": True,
            "project_creation_restriction": "adminonly",
            "self_registration": False,
            "robot_name_prefix": ROBOT_PREFIX,
        }

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        found = differences(self.subject, self.wanted, self.harbor.configuration())
        if self._told() != self._digest():
            found.append(Difference(self.subject, "oidc_client_secret", wanted="(secret)", seen="(another)"))
        return found

    def write(self) -> None:
        """See ``Setting.write``; the secret goes along always."""
        self.harbor.configure({**self.wanted, "oidc_client_secret": self._value()})
        note = {"metadata": {"annotations": {TOLD: self._digest()}}}
        self._access.api().patch("Secret", self._secret.name, self._secret.namespace, note)

    def _told(self) -> str:
        return annotations_of(self._access.api().get("Secret", self._secret.name, self._secret.namespace)).get(TOLD, "")

    def _digest(self) -> str:
        return hashlib.sha256(self._value().encode()).hexdigest()[:16]

    def _value(self) -> str:
        return self._access.secret(self._secret.namespace, self._secret.name, "client-secret")


def configuration(client: ConfidentialClient, context: Context, access: Access) -> Sequence[Setting]:
    """For ``Holds``."""
    return (HarborConfiguration(client, context, access),)
