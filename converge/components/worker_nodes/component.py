"""Worker nodes: machines that run pods beside the control node."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.node import Cordoned, named, unready
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.terms import Access, Difference
from converge.inventory import Inventory


class WorkerNodes(Component):
    """CORE-002: every worker of the inventory has joined and is Ready."""

    name = "worker-nodes"
    issue = "CORE-002"
    called = "the workers"
    is_machine = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: each worker has joined."""
        joined = Holds(lambda _, access: [JoinedWorker(name, access) for name in named(access, "worker")], requires=["control-node"])
        return joined, Cordoned("worker")


class JoinedWorker:
    """A worker that has joined the cluster and is Ready; writing lets the provider start or join it."""

    def __init__(self, node: str, access: Access) -> None:
        self.subject = f"worker {node}"
        self._node = node
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """Whether the API server knows it as Ready, and why not."""
        why = unready(self._access.api(), self._node)
        return (Difference(self.subject, "state", wanted="Ready", seen=why),) if why else ()

    def write(self) -> None:
        """Start or join it."""
        self._access.provider.start(self._access.progress)
