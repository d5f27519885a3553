"""What nodes and pods use now, from the metrics API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from converge.errors import NotReady

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

Usage = dict[str, dict[str, str]]
"""``{"local-control": {"cpu": "153m", "memory": "912Mi"}}``."""


def of_nodes(api: Api) -> Usage:
    """Each node that has been measured."""
    return {item["metadata"]["name"]: item["usage"] for item in api.list("NodeMetrics.metrics.k8s.io")}


def of_pods(api: Api, namespace: str) -> Usage:
    """Each pod of a namespace that has been measured, by its first container."""
    found: list[dict[str, Any]] = api.list("PodMetrics.metrics.k8s.io", namespace)
    return {item["metadata"]["name"]: item["containers"][0]["usage"] for item in found if item["containers"]}


def wait_for(measured: Callable[[], Usage], wanted: set[str], deadline_s: float) -> Usage:
    """Wait until all that is wanted has been measured; the API cannot be watched, so it is asked twice a second.

    Raises:
        NotReady: some is not at the deadline.
    """
    end = time.monotonic() + deadline_s
    while not wanted <= (seen := measured()).keys():
        if time.monotonic() > end:
            raise NotReady(f"metrics of {', '.join(sorted(wanted))}", seen=", ".join(sorted(seen)) or "none")
        time.sleep(0.5)
    return seen
