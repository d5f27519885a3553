"""The platform's registry: where consumers find it, whichever product serves it."""

from __future__ import annotations

from converge.inventory import Inventory

HOST = "registry"


def host(inventory: Inventory) -> str:
    """Which name references begin with: ``registry.thinkube.test/wiki/server:1.0``."""
    return inventory.host(HOST)


def url(inventory: Inventory) -> str:
    """``https://registry.thinkube.test``."""
    return f"https://{host(inventory)}"
