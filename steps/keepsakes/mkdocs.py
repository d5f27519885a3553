"""The documentation keeps nothing of its own: whoever signs in reads what is in its repository."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.keycloak.people import People
from converge.components.login_proxy.session import ProxiedSession
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.browser import PAGES
from steps.documentation import reads
from steps.keepsakes import Check, keepsake


@keepsake("mkdocs")
def pages(platform: Platform, inventory: Inventory, people: People) -> Iterator[Check]:
    with people.person() as person:
        documentation = ProxiedSession(PAGES["documentation"](inventory).rstrip("/"), person.browser)
        yield lambda: reads(platform, documentation, person)
