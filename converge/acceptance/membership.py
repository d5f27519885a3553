"""Who belongs to the cluster: its nodes as the API server and they themselves know them, and the tokens with which others could join."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

from converge.kubernetes.objects import CONTROL_PLANE_LABEL

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

CONTROL_PLANE_PORTS = frozenset({2379, 2380, 6443, 10257, 10259})
"""etcd, the API server, the controller manager and the scheduler."""

CONTROL_PLANE_KEYS = (
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/pki/ca.key",
    "/etc/kubernetes/pki/sa.key",
    "/etc/kubernetes/pki/etcd/ca.key",
)
"""Whoever can read one of these has the cluster."""

STATIC_PODS = "/etc/kubernetes/manifests"
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


def control_plane_on(host: Any) -> list[str]:
    """What of the control plane stands on a node itself, as testinfra sees it: ``["etcd.yaml", "port 2379"]``."""
    folder = host.file(STATIC_PODS)
    pods = folder.listdir() if folder.exists else []
    listening = {int(address.rpartition(":")[2]) for address in host.socket.get_listening_sockets() if address.startswith("tcp://")}
    return pods + [f"port {port}" for port in sorted(listening & CONTROL_PLANE_PORTS)]


def open_keys(host: Any) -> dict[str, str]:
    """Which of a control node's own keys others on it may read or write, and by which mode."""
    modes = {path: host.file(path).mode for path in CONTROL_PLANE_KEYS}
    return {path: oct(mode) for path, mode in modes.items() if mode & 0o077}


def token_lives_s(api: Api) -> dict[str, float]:
    """How long each join token is valid in all, in seconds; one without an end is valid for ever (infinity)."""
    lives = {}
    for secret in api.list("Secret", "kube-system", fields=f"type={TOKEN_TYPE}"):
        made_at = datetime.fromisoformat(secret["metadata"]["creationTimestamp"])
        expires = base64.b64decode(secret["data"].get("expiration", "")).decode()
        lives[secret["metadata"]["name"]] = (datetime.fromisoformat(expires) - made_at).total_seconds() if expires else float("inf")
    return lives
