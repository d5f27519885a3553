"""Worker nodes: machines that run pods beside the control node."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Access, Component, Context, Difference, Remark, Setting
from converge.components.node import cordoned, unready


class WorkerNodes(Component):
    """CORE-002: every worker of the inventory has joined and is Ready."""

    name = "worker-nodes"
    issue = "CORE-002"
    requires = ("control-node",)

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """Each worker has joined."""
        return tuple(JoinedWorker(node.name, access) for node in access.cluster().nodes if node.role == "worker")

    def remarks(self, access: Access) -> Sequence[Remark]:
        """Cordoned nodes."""
        return cordoned(access, "worker")


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
