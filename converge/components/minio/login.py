"""How people reach MinIO with the platform login: an ID token, which MinIO takes for a temporary access key.

Temporary access keys are given for a realm's token (STS) whose claim ``policy`` names policies of MinIO's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.components.keycloak.oidc_client import ConfidentialClient
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.keycloak.settings import mapper
from converge.sso import Client, RelyingParty, discover

if TYPE_CHECKING:
    from converge.components.part import Owner
    from converge.components.terms import Access
    from converge.inventory import Inventory

CALLBACK = "/oauth_callback"
"""Where the console's bridge takes the code."""

POLICY = {
    "user_attribute": "policy",
    "claim_name": "policy",
    "jsonType_label": "String",
    "multivalued": True,
    "aggregate_attrs": True,
    "id_token_claim": True,
    "access_token_claim": True,
    "userinfo_token_claim": True,
}
"""The claim ``policy`` is that of a user or of a user's groups."""


def console_url(inventory: Inventory) -> str:
    """The console, as people open it."""
    return f"https://{inventory.host('minio-console')}"


def people(minio: Owner) -> ConfidentialClient:
    """MinIO as an application of the realm: its ID tokens carry the claim ``policy``, and administrators may do everything."""
    return ConfidentialClient(
        minio,
        redirect_uris=[f"{console_url(minio.inventory)}{CALLBACK}"],
        pkce=True,
        mappers={"policy": mapper("oidc-usermodel-attribute-mapper", **POLICY)},
        groups={ADMINISTRATORS: {"policy": ["consoleAdmin"]}},
    )


def relying_party(minio: Owner, access: Access) -> RelyingParty:
    """The same from outside, as its console signs people in."""
    client = people(minio)
    secret = access.secret(client.secret.namespace, client.secret.name, "client-secret")
    party = Client(client.name, client.redirect_uris[0], secret)
    return RelyingParty(access.http, discover(access.http, client.issuer), party)
