"""How a cluster comes up: one list of small steps, each of which does nothing where its work is done already.

The same list makes a cluster, starts a stopped one, and mends one of which some processes were killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from converge.kubernetes.stuck import replace_stuck
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machines import SYSTEM_IMAGES, Machines
from converge.nodes.kubeadm.inspection import SYSTEM
from converge.nodes.kubeadm.membership import MARK, Membership
from converge.nodes.kubeadm.phases import ADDONS
from converge.nodes.kubeadm.ready import Patience, add_pod_ranges, wait_for_api, wait_for_nodes, wait_for_system_pods
from converge.nodes.kubeadm.steps import Step
from converge.progress import State


@dataclass
class Start:
    """One start of one cluster; ``made`` is called when the API server has answered for the first time."""

    layout: Layout
    machines: Machines
    membership: Membership
    patience: Patience
    made: Callable[[], None]
    began: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def steps(self) -> list[Step]:
        """The whole start on one screen."""
        machines, membership = self.machines, self.membership
        control = self.layout.control
        workers = self.layout.nodes[1:]
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
            Step("make certificates and manifests", membership.make_control_plane_files, (f"make {control.name}",)),
            Step(
                f"start kubelet on {control.name}",
                partial(membership.start_kubelet, control),
                ("make certificates and manifests", "keep images"),
            ),
            Step("wait for the API server", self.wait_for_api, (f"start kubelet on {control.name}",)),
            *(
                Step(f"run phase {phase}", partial(membership.run_phase, phase), ("wait for the API server",))
                for phase in ("upload-config all", "bootstrap-token")
            ),
            *(
                Step(
                    f"register {node.name}",
                    partial(membership.register, node),
                    ("wait for the API server", f"start kubelet on {node.name}"),
                )
                for node in self.layout.nodes
            ),
            Step(f"run phase {MARK}", partial(membership.run_phase, MARK), (f"register {control.name}",)),
            *(Step(f"render {name}", partial(membership.render_addon, name), ("make certificates and manifests",)) for name in ADDONS),
            *(
                Step(f"create {name}", partial(membership.create_addon, name), (f"render {name}", "wait for the API server"))
                for name in ADDONS
            ),
            *(
                step
                for node in workers
                for step in (
                    Step(
                        f"join {node.name}",
                        partial(membership.join, node),
                        ("run phase upload-config all", "run phase bootstrap-token", f"load images on {node.name}"),
                    ),
                    Step(f"start kubelet on {node.name}", partial(membership.start_kubelet, node), (f"join {node.name}",)),
                )
            ),
            Step(
                "wait for the nodes",
                self.wait_for_nodes,
                (f"run phase {MARK}", *(f"register {node.name}" for node in self.layout.nodes)),
            ),
            Step("wait for DNS", self.wait_for_system_pods, (*(f"create {name}" for name in ADDONS), "wait for the nodes")),
        ]

    def wait_for_api(self) -> None:
        """Until the API server serves."""
        wait_for_api(self.membership.api, self.membership.control, self.patience, self.membership.require_kubelets)
        self.made()

    def wait_for_nodes(self) -> None:
        """Until every kubelet has said of this life that its node is ready."""
        wait_for_nodes(self.membership.api, self.membership.machines, self.began, self.patience, self.membership.require_kubelets)
        add_pod_ranges(self.membership.api, self.layout)

    def wait_for_system_pods(self) -> None:
        """Until kube-proxy works on every node, and one CoreDNS; what waits because of what was wrong before this start is made anew."""
        api = self.membership.api
        for done in replace_stuck(api, api.list("Pod", SYSTEM), self.began.timestamp()):
            self.membership.progress.note("system", State.CHANGED, done)
        wait_for_system_pods(self.membership.api, self.layout, self.machines.reborn, self.began, self.patience)
