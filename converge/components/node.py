"""Nodes as the API server knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.kubernetes.ready import why_unready

if TYPE_CHECKING:
    from converge.kubernetes.client import Api


def unready(api: Api, name: str) -> str:
    """Why a node is not Ready, in its kubelet's or the API server's words; "" where it is."""
    return why_unready(api.find("Node", name))


def is_ready(api: Api, name: str) -> bool:
    """Whether the API server knows the node and its kubelet reports it Ready."""
    return not unready(api, name)
