"""A worker leaves the cluster: its pods go elsewhere, then its Node object goes, then the host is as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from converge.errors import Refused, ThinkubeError
from converge.kubernetes.drain import empty
from converge.kubernetes.objects import KubernetesObject
from converge.nodes.hosts import leaving
from converge.progress import Progress, State

if TYPE_CHECKING:
    from converge.kubernetes.client import Api
    from converge.nodes.hosts.machine import HostMachine

HOSTNAME = "kubernetes.io/hostname"


def remove(api: Api, machine: HostMachine, progress: Progress, deadline_s: float) -> None:
    """Take a worker out of the cluster; one that cannot be reached any more is only forgotten.

    Raises:
        Refused: data lies on it that exists nowhere else.
        NotReady: its pods did not go before the deadline.
    """
    name, kept = machine.name, list(volumes_on(api, machine.name))
    try:
        machine.connection.open()
    except ThinkubeError as error:
        lost = f"; lost with it: {', '.join(kept)}" if kept else ""
        progress.note(name, State.CHANGED, f"forgotten: {error.seen}{lost}; should it come back, add it and remove it again")
        api.delete("Node", name)
        return
    if kept:
        raise Refused(
            f"{name} taken out of the cluster",
            seen=f"it holds the only copy of {', '.join(kept)}",
            cause="volumes of a host are directories on it; roll their components back with --purge, or keep the host",
            next_command=f"kubectl get pv --output=wide | grep {name}",
        )
    if api.find("Node", name) is not None:
        progress.note(name, State.WAITING, "draining it")
        api.patch("Node", name, patch={"spec": {"unschedulable": True}})
        empty(api, name, deadline_s)
        api.delete("Node", name)
    progress.note(name, State.WAITING, "taking everything of ours away from it")
    leaving.leave(machine)
    machine.connection.close()
    progress.note(name, State.CHANGED, "left the cluster")


def volumes_on(api: Api, node: str) -> Iterator[str]:
    """The volumes that are bound and lie on a node: ``"postgres/data-postgres-0"``."""
    for volume in api.list("PersistentVolume"):
        if volume.get("status", {}).get("phase") == "Bound" and node in _places(volume):
            claim = volume["spec"]["claimRef"]
            yield f"{claim['namespace']}/{claim['name']}"


def _places(volume: KubernetesObject) -> set[str]:
    terms = volume["spec"].get("nodeAffinity", {}).get("required", {}).get("nodeSelectorTerms", [])
    wanted = (one for term in terms for one in term.get("matchExpressions", []))
    return {value for one in wanted if one["key"] == HOSTNAME for value in one.get("values", [])}
