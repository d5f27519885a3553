"""Nodes as the API server knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from converge.components.part import Part
from converge.components.terms import Access, Probe, Remark
from converge.kubernetes.cordon import cordons
from converge.kubernetes.ready import why_unready

if TYPE_CHECKING:
    from converge.kubernetes.client import Api


def unready(api: Api, name: str) -> str:
    """Why a node is not Ready, in its kubelet's or the API server's words; "" where it is."""
    return why_unready(api.find("Node", name))


def is_ready(api: Api, name: str) -> bool:
    """Whether the API server knows the node and its kubelet reports it Ready."""
    return not unready(api, name)


def named(access: Access, role: str) -> Sequence[str]:
    """The names of the nodes of a role."""
    return [node.name for node in access.cluster().nodes if node.role == role]


class Cordoned(Part):
    """Says which nodes of a role somebody closed to new pods; that is an intention, and is not undone."""

    def __init__(self, role: str) -> None:
        self._role = role

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``: the nodes are ready."""
        return (Probe("nodes", self._role),)

    def remarks(self, access: Access) -> Sequence[Remark]:
        """See ``Part.remarks``."""
        names = named(access, self._role)
        return [Remark(f"Node {one.node}", one.text, one.next_command) for one in cordons(access.api()) if one.node in names]
