"""How people reach MinIO with the platform login: an ID token, which MinIO takes for a temporary access key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.components.keycloak import oidc_client, realm
from converge.sso import Client, RelyingParty, discover

if TYPE_CHECKING:
    from converge.components.component import Access
    from converge.inventory import Inventory

CALLBACK = "/oauth_callback"
"""Where the console's bridge takes the code."""


def console_url(inventory: Inventory) -> str:
    """The console, as people open it."""
    return f"https://{inventory.host('minio-console')}"


def relying_party(inventory: Inventory, access: Access) -> RelyingParty:
    """MinIO as an application of the realm: its ID tokens carry the claim ``policy``."""
    kept = oidc_client.credentials("minio", "minio")
    secret = access.secret(kept.namespace, kept.name, "client-secret")
    client = Client("minio", f"{console_url(inventory)}{CALLBACK}", secret)
    return RelyingParty(access.http, discover(access.http, realm.issuer(inventory)), client)
