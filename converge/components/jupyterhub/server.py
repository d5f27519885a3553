"""Where JupyterHub is, and how people come to it."""

from __future__ import annotations

from converge.inventory import Inventory

NAME = "jupyterhub"
SERVICE = "jupyterhub-server"
HOST = "jupyter"
SIGN_ON = "/hub/home"
"""A page that leads to the platform login, and shows the person's servers."""


def url(inventory: Inventory) -> str:
    """``https://jupyter.thinkube.test``."""
    return f"https://{inventory.host(HOST)}"
