"""How kubeadm's cluster comes up on machines that are there: small steps, each of which does nothing where its work is done already.

The same list makes a cluster, starts a stopped one, and mends one of which some processes were killed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from converge.kubernetes.stuck import replace_stuck
from converge.nodes.kubeadm.inspection import SYSTEM
from converge.nodes.kubeadm.membership import MARK, Membership
from converge.nodes.kubeadm.phases import ADDONS
from converge.nodes.kubeadm.plan import Member, Plan
from converge.nodes.kubeadm.ready import Patience, add_pod_ranges, wait_for_api, wait_for_nodes, wait_for_system_pods
from converge.nodes.kubeadm.steps import Step
from converge.progress import State

SYSTEM_IMAGES = ("kubernetes", "pause", "coredns")
"""What a node runs of the cluster itself."""


@dataclass
class ClusterStart:
    """One start of one cluster; ``made`` is called when the API server has answered for the first time.

    ``reborn`` holds the nodes that this start made anew: what is said of their containers is of a former life.
    """

    plan: Plan
    membership: Membership
    patience: Patience
    made: Callable[[], None]
    reborn: Collection[str] = ()
    began: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def steps(self, *, installed: str, loaded: Callable[[Member], str]) -> list[Step]:
        """The steps; after ``installed`` kubeadm runs on the control node, after ``loaded`` a node has the system's images."""
        membership, (control, *workers) = self.membership, self.membership.nodes
        return [
            Step("make certificates and manifests", membership.make_control_plane_files, (installed,)),
            Step(
                f"start kubelet on {control.name}",
                partial(membership.start_kubelet, control),
                ("make certificates and manifests", loaded(control)),
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
                for node in membership.nodes
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
                        ("run phase upload-config all", "run phase bootstrap-token", loaded(node)),
                    ),
                    Step(f"start kubelet on {node.name}", partial(membership.start_kubelet, node), (f"join {node.name}",)),
                )
            ),
            Step(
                "wait for the nodes",
                self.wait_for_nodes,
                (f"run phase {MARK}", *(f"register {node.name}" for node in membership.nodes)),
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
        add_pod_ranges(self.membership.api, self.membership.nodes)

    def wait_for_system_pods(self) -> None:
        """Until kube-proxy works on every node, and one CoreDNS; what waits because of what was wrong before this start is made anew."""
        api = self.membership.api
        for done in replace_stuck(api, api.list("Pod", SYSTEM), self.began.timestamp()):
            self.membership.progress.note("system", State.CHANGED, done)
        wait_for_system_pods(self.membership.api, self.membership.nodes, set(self.reborn), self.began, self.patience)
