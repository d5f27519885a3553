"""Who belongs to the cluster: its nodes as the API server knows them, and the tokens with which others could join."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
TOKEN_TYPE = "bootstrap.kubernetes.io/token"  # noqa: S105 (the type of such a Secret)


def address(api: Api, node: str) -> str:
    """The internal address of a node."""
    addresses = api.get("Node", node)["status"]["addresses"]
    found: str = next(entry["address"] for entry in addresses if entry["type"] == "InternalIP")
    return found


def control_plane_parts(api: Api, node: str) -> list[str]:
    """What of the control plane a node claims or runs: its label, and static pods such as ``etcd-local-control``."""
    label = [CONTROL_PLANE_LABEL] if CONTROL_PLANE_LABEL in api.get("Node", node)["metadata"]["labels"] else []
    pods = api.list("Pod", "kube-system", labels="tier=control-plane", fields=f"spec.nodeName={node}")
    return label + [pod["metadata"]["name"] for pod in pods]


def token_lives_s(api: Api) -> dict[str, float]:
    """How long each join token is valid in all, in seconds; one without an end is valid for ever (infinity)."""
    lives = {}
    for secret in api.list("Secret", "kube-system", fields=f"type={TOKEN_TYPE}"):
        made_at = datetime.fromisoformat(secret["metadata"]["creationTimestamp"])
        expires = base64.b64decode(secret["data"].get("expiration", "")).decode()
        lives[secret["metadata"]["name"]] = (datetime.fromisoformat(expires) - made_at).total_seconds() if expires else float("inf")
    return lives
