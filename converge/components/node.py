"""Nodes as the API server knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.kubernetes.client import Api


def is_ready(api: Api, name: str) -> bool:
    """Whether the API server knows the node and its kubelet reports it Ready."""
    node = api.find("Node", name)
    conditions = node["status"].get("conditions", []) if node else []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
