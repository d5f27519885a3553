"""Where pgAdmin is, and what people find in it."""

from __future__ import annotations

from converge.inventory import Inventory

NAME = "pgadmin"
SERVICE = "pgadmin-server"
PORT = 5050
PLATFORM = "Platform"
"""What the platform's PostgreSQL is called in it."""

PASSWORD = "/database/password"  # noqa: S105 (a place)
"""Where its pod has the password of its role."""


def url(inventory: Inventory) -> str:
    """``https://pgadmin.thinkube.test``."""
    return f"https://{inventory.host(NAME)}"
