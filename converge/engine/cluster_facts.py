"""What a platform's cluster says of itself: what its nodes run, and how much memory its components use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from converge.errors import ThinkubeError
from converge.kubernetes.equality import quantity

if TYPE_CHECKING:
    from converge.engine.platform import Platform
    from converge.kubernetes.client import Api

_ROWS = {"Kubernetes": "kubeletVersion", "Container runtime": "containerRuntimeVersion", "System of the nodes": "osImage"}
_MIB = 2**20


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


def memory(platform: Platform) -> Mapping[str, str]:
    """``{"Memory of all pods": "3.2 GiB: keycloak 641 MiB, …"}``, the largest first; empty where nobody measures.

    Pods are counted for the first component of their namespace; what no component has is "others".
    """
    if "api" not in platform.__dict__:
        return {}
    try:
        used = _by_namespace(platform.api.view(patience_s=2))
    except ThinkubeError:
        return {}
    names: dict[str, str] = {"kube-system": "Kubernetes"}
    for name, component in platform.components.items():
        names.setdefault(component.namespace, name)
    components: Counter[str] = Counter()
    for namespace, number in used.items():
        components[names.get(namespace, "others")] += number
    each = ", ".join(f"{name} {number / _MIB:.0f} MiB" for name, number in components.most_common())
    return {"Memory of all pods": f"{components.total() / 2**30:.1f} GiB: {each}"} if components else {}


def _by_namespace(api: Api) -> Counter[str]:
    used: Counter[str] = Counter()
    for pod in api.list("PodMetrics.metrics.k8s.io"):
        used[pod["metadata"]["namespace"]] += sum(int(quantity(one["usage"]["memory"]) or 0) for one in pod["containers"])
    return used
