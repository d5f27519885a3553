"""A node is drained as `kubectl drain` does it: closed to new pods, and every pod that others would start again elsewhere is evicted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from converge.kubernetes import workloads
from converge.kubernetes.client import Api
from converge.kubernetes.objects import KubernetesObject

STAYS = frozenset({"DaemonSet", "Node"})
"""Whose pods an eviction would not move: those of every node, and those that a kubelet runs from a file."""


@contextmanager
def drained(api: Api, node: str, deadline_s: float) -> Iterator[None]:
    """A node without pods but those that belong to it or to nobody; it takes pods again at the end, unless somebody had closed it before.

    Disruption budgets are honoured: the API server refuses (429) until an eviction is allowed, and is asked again as it says.

    Raises:
        NotReady: a pod is still there at the deadline.
    """
    was_closed = bool((api.get("Node", node).get("spec") or {}).get("unschedulable"))
    api.patch("Node", node, patch={"spec": {"unschedulable": True}})
    try:
        empty(api, node, deadline_s)
        yield
    finally:
        if not was_closed:
            api.patch("Node", node, patch={"spec": {"unschedulable": None}})


def empty(api: Api, node: str, deadline_s: float) -> None:
    """Evict what an eviction moves, and wait until it is gone.

    Raises:
        NotReady: a pod is still there at the deadline.
    """
    ends_at = time.monotonic() + deadline_s
    leaving = [pod for pod in api.list("Pod", fields=f"spec.nodeName={node}") if _moves(pod)]
    for pod in leaving:
        api.evict(pod)
    for pod in leaving:
        workloads.wait_until_lost(api, pod, max(1.0, ends_at - time.monotonic()))


def _moves(pod: KubernetesObject) -> bool:
    owners = [owner["kind"] for owner in pod["metadata"].get("ownerReferences") or () if owner.get("controller")]
    return bool(owners) and STAYS.isdisjoint(owners)
