"""Cordoned nodes: somebody closed them to new pods. That is an intention, not drift: it is said, and never undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from converge.kubernetes.client import Api
from converge.kubernetes.fields import owners
from converge.kubernetes.objects import KubernetesObject

TAINT = "node.kubernetes.io/unschedulable"
"""The control plane puts it on every cordoned node, with the time."""


@dataclass(frozen=True)
class Cordon:
    """One cordoned node: ``Cordon("local-worker-1", since="2026-11-26T12:03:11Z", manager="kubectl")``; "" where nobody knows."""

    node: str
    since: str = ""
    manager: str = ""

    @property
    def text(self) -> str:
        """``is cordoned since 2026-11-26 12:03 UTC (by kubectl): it takes no new pods``."""
        since = f" since {datetime.fromisoformat(self.since).astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.since else ""
        by = f" (by {self.manager})" if self.manager else ""
        return f"is cordoned{since}{by}: it takes no new pods"

    @property
    def next_command(self) -> str:
        """How the node is opened again."""
        return f"kubectl uncordon {self.node}"


def cordon_of(node: KubernetesObject) -> Cordon | None:
    """How a node is cordoned; None where it takes pods."""
    spec = node.get("spec") or {}
    if not spec.get("unschedulable"):
        return None
    added = next((taint.get("timeAdded") for taint in spec.get("taints") or () if taint.get("key") == TAINT), "")
    by = next(iter(owners(node, ("spec", "unschedulable"))), None)
    return Cordon(node["metadata"]["name"], added or (by.time if by else ""), by.manager if by else "")


def cordons(api: Api) -> list[Cordon]:
    """Every cordoned node of the cluster."""
    return [cordon for node in api.list("Node") if (cordon := cordon_of(node))]
