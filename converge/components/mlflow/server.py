"""Where MLflow is, and how people's programs come to it."""

from __future__ import annotations

from converge.inventory import Inventory

NAME = "mlflow"
SERVICE = "mlflow-server"
PORT = 5000


def url(inventory: Inventory) -> str:
    """``https://mlflow.thinkube.test``."""
    return f"https://{inventory.host(NAME)}"
