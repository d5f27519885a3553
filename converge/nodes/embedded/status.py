"""What a person wants to know of a cluster at a glance."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from converge.errors import ThinkubeError
from converge.nodes.embedded import record
from converge.nodes.embedded.spaces import BRIDGE

if TYPE_CHECKING:
    from converge.nodes.embedded.provider import EmbeddedProvider


def lines(provider: EmbeddedProvider) -> list[str]:
    """One line for the cluster and one for each node."""
    layout, spaces = provider.layout, provider.spaces
    known = record.read(layout.folder)
    if known is None:
        return [f"cluster {layout.name}: not there; `thinkube cluster start` makes it"]
    processes = spaces.cgroups.processes(spaces.group)
    state = "running" if provider.runs() else "half running" if processes else "stopped"
    found = [
        f"cluster {layout.name}: {state}",
        f"  Kubernetes {known.version}, subnet {known.subnet}, pods {known.pod_subnet}, services {known.service_subnet}",
        f"  {layout.folder}, {_mib(provider)} MiB, {len(processes)} processes, link {layout.link} {layout.host_address}",
    ]
    ready = _ready(provider) if state == "running" else {}
    for node in layout.nodes:
        own = len(spaces.cgroups.processes(spaces.group_of(node.name)))
        programs = [program for program in ("containerd", "kubelet") if spaces.process(node.name, program)]
        seen = ready.get(node.name, "stopped" if not own else "unknown")
        found.append(f"  {node.name}  {node.address}  {node.role}  {seen}  {own} processes ({', '.join(programs) or 'no node programs'})")
    if spaces.holder(BRIDGE) is None and processes:
        found.append("  the bridge is gone: `thinkube cluster start` mends it")
    return found


def _ready(provider: EmbeddedProvider) -> dict[str, str]:
    from converge.kubernetes.client import Api

    try:
        with Api.from_kubeconfig(provider.layout.kubeconfig) as api:
            nodes = api.view(patience_s=2).list("Node")
    except ThinkubeError:
        return {}
    return {
        node["metadata"]["name"]: " ".join(
            {"True": "Ready", "False": "NotReady"}.get(entry["status"], "Ready unknown")
            for entry in node["status"]["conditions"]
            if entry["type"] == "Ready"
        )
        for node in nodes
    }


def _mib(provider: EmbeddedProvider) -> int:
    """What the state folder holds on disk, files with several names counted once."""
    seen: set[int] = set()
    total = 0
    for folder, _, names in os.walk(provider.layout.folder):
        for name in names:
            try:
                entry = Path(folder, name).lstat()
            except OSError:
                continue
            if entry.st_ino not in seen:
                seen.add(entry.st_ino)
                total += entry.st_blocks * 512
    return total >> 20
