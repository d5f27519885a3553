"""How an embedded cluster comes up: its nodes as machines first, then what kubeadm makes of them.

The same list makes a cluster, starts a stopped one, and mends one of which some processes were killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machines import Machines
from converge.nodes.kubeadm.membership import Membership
from converge.nodes.kubeadm.ready import Patience
from converge.nodes.kubeadm.start import SYSTEM_IMAGES, ClusterStart
from converge.nodes.kubeadm.steps import Step


@dataclass
class Start:
    """One start of one cluster; ``made`` is called when the API server has answered for the first time."""

    layout: Layout
    machines: Machines
    membership: Membership
    patience: Patience
    made: Callable[[], None]

    def steps(self) -> list[Step]:
        """The whole start on one screen."""
        machines, control = self.machines, self.layout.control
        cluster = ClusterStart(self.layout, self.membership, self.patience, self.made, machines.reborn)
        return [
            Step("find the node programs", machines.find_programs),
            *(Step(f"find image {name}", partial(machines.find_image, name)) for name in SYSTEM_IMAGES if not machines.known),
            Step("make the bridge", machines.make_bridge),
            *(
                step
                for node in self.layout.nodes
                for step in (
                    Step(f"make {node.name}", partial(machines.make_node, node), ("find the node programs", "make the bridge")),
                    Step(
                        f"plant images on {node.name}",
                        partial(machines.plant_images, node),
                        (f"make {node.name}", *(() if node.is_control else ("keep images",))),
                    ),
                    Step(f"start containerd on {node.name}", partial(machines.start_containerd, node), (f"plant images on {node.name}",)),
                    Step(
                        f"load images on {node.name}",
                        partial(machines.load_images, node),
                        (f"start containerd on {node.name}", *(f"find image {name}" for name in SYSTEM_IMAGES if not machines.known)),
                    ),
                )
            ),
            Step("keep images", machines.keep_images, (f"load images on {control.name}",)),
            *cluster.steps(
                installed=f"make {self.layout.control.name}",
                loaded=lambda node: "keep images" if node.is_control else f"load images on {node.name}",
            ),
        ]
