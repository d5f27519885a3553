"""How a cluster on hosts comes up: the hosts as machines first, all at once, then what kubeadm makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from converge.nodes.hosts.plan import HostsPlan
from converge.nodes.hosts.setup import Setup
from converge.nodes.kubeadm.membership import Membership
from converge.nodes.kubeadm.ready import Patience
from converge.nodes.kubeadm.start import SYSTEM_IMAGES, ClusterStart
from converge.nodes.kubeadm.steps import Step


@dataclass
class Start:
    """One start of one cluster; ``made`` is called when the API server has answered for the first time."""

    plan: HostsPlan
    setup: Setup
    membership: Membership
    patience: Patience
    made: Callable[[], None]

    def steps(self) -> list[Step]:
        """The whole start on one screen."""
        setup = self.setup
        images = [f"find image {name}" for name in SYSTEM_IMAGES]
        cluster = ClusterStart(self.plan, self.membership, self.patience, self.made)
        return [
            Step("find the node programs", setup.find_programs),
            *(Step(step, partial(setup.find_image, name)) for step, name in zip(images, SYSTEM_IMAGES, strict=True)),
            *(
                step
                for node in self.membership.nodes
                for step in (
                    Step(f"lay out {node.name}", partial(setup.lay_out, node)),
                    Step(
                        f"install programs on {node.name}",
                        partial(setup.install_programs, node),
                        ("find the node programs", f"lay out {node.name}"),
                    ),
                    Step(f"start network on {node.name}", partial(setup.start_network, node), (f"lay out {node.name}",)),
                    Step(
                        f"start containerd on {node.name}",
                        partial(setup.start_containerd, node),
                        (f"install programs on {node.name}", f"start network on {node.name}"),
                    ),
                    Step(f"look at the kubelet of {node.name}", partial(setup.stop_stale_kubelet, node), (f"lay out {node.name}",)),
                    Step(
                        f"load images on {node.name}",
                        partial(setup.load_images, node),
                        (f"start containerd on {node.name}", f"look at the kubelet of {node.name}", *images),
                    ),
                )
            ),
            Step(f"set up the account on {self.plan.control.name}", setup.set_up_account, ("wait for the API server",)),
            *cluster.steps(installed=f"install programs on {self.plan.control.name}", loaded=lambda node: f"load images on {node.name}"),
        ]
