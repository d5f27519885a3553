"""Harbor as its users meet it: people in its pages and with their programs, robots, strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.apis.harbor import Harbor
from converge.apis.login import Login
from converge.apis.registry import Registry
from converge.components.harbor.component import SIGN_ON
from converge.components.harbor.server import ADMINISTRATOR_SECRET, NAME, PROJECT, url

if TYPE_CHECKING:
    from converge.components.terms import Access
    from converge.inventory import Inventory
    from converge.sso import Browser, Credentials

REPOSITORY = f"{PROJECT}/throw-away"
"""Where scenarios push to, each under tags of its own."""


def signed_in(inventory: Inventory, browser: Browser, credentials: Credentials) -> Harbor:
    """Harbor as a person sees it who has signed in with the platform login."""
    browser.visit(f"{url(inventory)}{SIGN_ON}", credentials)
    return Harbor(browser.http, url(inventory), None)


def programs(inventory: Inventory, access: Access, harbor: Harbor) -> Registry:
    """Harbor's registry as the programs of whoever is signed in see it: they log in with a secret from the person's profile."""
    who = harbor.who()
    return Registry(access.http, url(inventory), Login(who["username"], who["oidc_user_meta"]["secret"]))


def as_administrator(inventory: Inventory, access: Access) -> Registry:
    """Harbor's registry as its administrator sees it."""
    return Registry(access.http, url(inventory), Login("admin", access.secret(NAME, ADMINISTRATOR_SECRET, "password")))


def as_robot(inventory: Inventory, access: Access, name: str) -> Registry:
    """Harbor's registry as a robot sees it: ``platform``."""
    username, password = (access.secret(NAME, f"harbor-robot-{name}", key) for key in ("username", "password"))
    return Registry(access.http, url(inventory), Login(username, password))


def as_stranger(inventory: Inventory, access: Access) -> Registry:
    """Harbor's registry as somebody without a login sees it."""
    return Registry(access.http, url(inventory), None)
