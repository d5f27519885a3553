"""How people reach MinIO with the platform login: an ID token for temporary access keys, and the console's own sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from converge.apis.minio import console_login
from converge.components.keycloak import oidc_client, realm
from converge.errors import Unavailable
from converge.http import checked
from converge.sso import Browser, Client, Credentials, RelyingParty, discover

if TYPE_CHECKING:
    from converge.components.component import Access
    from converge.inventory import Inventory

CALLBACK = "/oauth_callback"
"""Where the console takes the code."""


def console_url(inventory: Inventory) -> str:
    """The console, as people open it."""
    return f"https://{inventory.host('minio-console')}"


def relying_party(inventory: Inventory, access: Access) -> RelyingParty:
    """MinIO as an application of the realm: its ID tokens carry the claim ``policy``."""
    kept = oidc_client.credentials("minio", "minio")
    secret = access.secret(kept.namespace, kept.name, "client-secret")
    client = Client("minio", f"{console_url(inventory)}{CALLBACK}", secret)
    return RelyingParty(access.http, discover(access.http, realm.issuer(inventory)), client)


def sign_in_to_console(inventory: Inventory, browser: Browser, credentials: Credentials) -> Mapping[str, Any]:
    """Sign in to the console with the platform login; the session that it then shows.

    Raises:
        Unavailable: this release's console offers no such login; ``seen`` is what it offers.
    """
    url = console_url(inventory)
    offered = console_login(browser.http, url)
    if offered["loginStrategy"] != "redirect":
        seen = f"this release's console offers no platform login: its loginStrategy is {offered['loginStrategy']!r}"
        raise Unavailable("the console's single sign-on", seen=seen)
    callback = browser.visit(offered["redirectRules"][0]["redirect"], credentials, until=f"{url}{CALLBACK}")
    answer = {key: callback.parameters[key] for key in ("code", "state")}
    checked(browser.http.post(f"{url}/api/v1/login/oauth2/auth", json=answer), "the console's login")
    session: Mapping[str, Any] = checked(browser.http.get(f"{url}/api/v1/session"), "the console's session").json()
    return session
