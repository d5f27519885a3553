"""Every component of the platform, in reading order; the order of execution comes from what each requires."""

from __future__ import annotations

from converge.components.component import Component
from converge.components.control_node.component import ControlNode
from converge.components.worker_nodes.component import WorkerNodes

COMPONENTS: tuple[type[Component], ...] = (
    ControlNode,  # CORE-001
    WorkerNodes,  # CORE-002
)
