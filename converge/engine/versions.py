"""What the nodes of a platform say that they run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from converge.errors import ThinkubeError

if TYPE_CHECKING:
    from converge.engine.platform import Platform

_ROWS = {"Kubernetes": "kubeletVersion", "Container runtime": "containerRuntimeVersion", "System of the nodes": "osImage"}


def versions(platform: Platform) -> Mapping[str, str]:
    """``{"Kubernetes": "v1.37.2", …}``; empty where this run asked the cluster nothing, or it does not answer soon."""
    if "api" not in platform.__dict__:
        return {}
    try:
        nodes = platform.api.view(patience_s=2).list("Node")
    except ThinkubeError:
        return {}
    infos = [node.get("status", {}).get("nodeInfo", {}) for node in nodes]
    said = {name: sorted({str(info[field]).replace("://", " ") for info in infos if info.get(field)}) for name, field in _ROWS.items()}
    return {name: ", ".join(values) for name, values in said.items() if values}
