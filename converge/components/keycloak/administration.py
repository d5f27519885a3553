"""Keycloak's own administration as an operator uses it: the console's login, the admin API with its token, the server's pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.apis.keycloak import Representation, Visitor
from converge.components.keycloak.realm import ADMINISTRATOR_SECRET, REALM
from converge.sso import Browser, Client, Credentials, RelyingParty, Tokens, discover

if TYPE_CHECKING:
    import requests

    from converge.components.terms import Access
    from converge.inventory import Inventory
    from converge.kubernetes.client import Api

CONSOLE = "security-admin-console"
"""The client that the console signs in with, in the realm of administrators."""


def console_login(inventory: Inventory, access: Access) -> Tokens:
    """Sign in to the administration console in a browser, as Keycloak's administrator."""
    url = f"https://{inventory.host('auth')}"
    provider = discover(access.http, f"{url}/realms/master")
    console = RelyingParty(access.http, provider, Client(CONSOLE, f"{url}/admin/master/console/"))
    password = access.secret("keycloak", ADMINISTRATOR_SECRET, "password")
    return console.sign_in(Browser(access.http), Credentials("admin", password, f"keycloak/{ADMINISTRATOR_SECRET}"))


def realm_as(inventory: Inventory, http: requests.Session, tokens: Tokens) -> Representation:
    """The platform's realm, read through the admin API with somebody's token."""
    return Visitor(http, f"https://{inventory.host('auth')}", tokens.access_token).realm(REALM).admin.get_realm(REALM)


def pod(api: Api) -> str:
    """The name of the server's pod."""
    return str(api.list("Pod", "keycloak", labels="app.kubernetes.io/name=keycloak")[0]["metadata"]["name"])


def mode(api: Api, access: Access) -> str:
    """How the server was started, as its own process has it: ``start`` (production) or ``start-dev``."""
    words = access.execute("keycloak", pod(api), ["cat", "/proc/1/cmdline"], "").split("\0")
    return next((word for word in words if word.startswith("start")), "")


def health(api: Api) -> str:
    """What the server says of itself on its management port, which only the cluster reaches."""
    return api.read(f"/api/v1/namespaces/keycloak/pods/{pod(api)}:9000/proxy/health")
