"""A cluster that is already there: kind, k3s, a cloud. It is used, never started, stopped or removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from converge.errors import Missing, Refused, ThinkubeError, Unavailable
from converge.inventory.model import ExistingNodes
from converge.kubernetes.client import Api
from converge.kubernetes.difference import Difference
from converge.nodes.loading import shown
from converge.nodes.provider import Node, RegistryAccess
from converge.process import Completed
from converge.process import run as run_here
from converge.progress import SILENCE, Progress

LOAD_S = 900
"""How long the user's command may take for one image."""

CONTROL_LABELS = frozenset({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})


class ExistingCluster:
    """What a kubeconfig reaches; commands on nodes and images in them are its owner's business."""

    audit_log: Path | None = None
    lets_in = False

    def __init__(
        self,
        name: str,
        kubeconfig: Path,
        nodes: tuple[Node, ...],
        ingress_address: str,
        load: Sequence[str] = (),
        progress: Progress = SILENCE,
    ) -> None:
        self.name = name
        self.kubeconfig = kubeconfig
        self.nodes = nodes
        self.ingress_address = ingress_address
        self._load = load
        self._progress = progress

    def run(self, node: str, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None) -> Completed:
        """Not offered.

        Raises:
            Unavailable: always.
        """
        raise Unavailable(f"a command on node {node}", seen="an existing cluster gives no access to its nodes")

    def load_images(self, archives: Mapping[str, Path], nodes: Sequence[str] | None = None) -> bool:
        """Run the command of ``images.load`` for each archive; without one its nodes have to pull images by themselves.

        Raises:
            Unavailable: there is something to load, and no command.
            ProgramFailed: the command failed.
        """
        if archives and self._load:
            with shown(self._progress, {f"cluster {self.name}": archives}):
                for archive in dict.fromkeys(archives.values()):
                    run_here([word.replace("{archive}", str(archive)) for word in self._load], timeout_s=LOAD_S)
            return True
        if archives:
            raise Unavailable(
                "images loaded into the nodes",
                seen=f"an existing cluster gives no access to its nodes; {len(archives)} image(s) were built here",
                cause="images.load in the inventory is a command that loads one, such as [kind, load, image-archive, '{archive}']; "
                "images.source: upstream has the nodes pull what is published",
            )
        return False

    def read_authentication(self) -> str:
        """Nothing: it cannot be seen from outside."""
        return ""

    def write_authentication(self, text: str) -> None:
        """Not offered.

        Raises:
            Unavailable: always.
        """
        raise Unavailable("the API server's authentication", seen="an existing cluster's API server is configured by its owner")

    def pulls_otherwise(self, registry: RegistryAccess) -> Sequence[str]:
        """None: it cannot be seen from outside."""
        return ()

    def let_pull(self, registry: RegistryAccess) -> None:
        """Not offered.

        Raises:
            Unavailable: always.
        """
        raise Unavailable(f"nodes that pull from {registry.host}", seen="an existing cluster's nodes are configured by its owner")

    def knows_registry(self, host: str) -> bool:
        """False: it cannot be seen from outside."""
        return False

    def forget_registry(self, host: str) -> None:
        """Nothing: nobody told them anything."""


class ExistingProvider:
    """Finds the cluster of a kubeconfig."""

    def __init__(self, name: str, nodes: ExistingNodes, load: Sequence[str] = (), progress: Progress = SILENCE) -> None:
        self.name = name
        self.nodes = nodes
        self._load = load
        self._progress = progress
        self._trouble: ThinkubeError | None = None

    def check(self) -> None:
        """It needs nothing of this machine."""

    def start(self, progress: Progress) -> ExistingCluster:
        """The cluster, if it answers.

        Raises:
            Missing: there is no such kubeconfig.
            Unreachable: its API server does not answer.
        """
        if not self.nodes.kubeconfig.exists():
            raise Missing(
                f"the kubeconfig {self.nodes.kubeconfig}",
                seen="no such file",
                cause="inventory: nodes.kubeconfig",
                next_command="thinkube inventory check",
            )
        with Api.from_kubeconfig(self.nodes.kubeconfig, self.nodes.context, foreign=True) as api:
            nodes = tuple(_node(item) for item in api.list("Node"))
        return ExistingCluster(self.name, self.nodes.kubeconfig, nodes, self.nodes.ingress_address, self._load, self._progress)

    def find(self) -> ExistingCluster | None:
        """The cluster, or None where it does not answer: see ``why_not``."""
        try:
            return self.start(SILENCE)
        except ThinkubeError as error:
            self._trouble = error
            return None

    def why_not(self) -> str:
        """Why nothing was found: "unreachable: Failed to establish a new connection: [Errno 111] Connection refused"."""
        return f"unreachable: {self._trouble.seen or self._trouble.wanted}" if self._trouble else "unreachable"

    def next_command(self) -> str:
        """How to see for oneself."""
        return f"kubectl --kubeconfig {self.nodes.kubeconfig} cluster-info"

    def differences(self) -> Sequence[Difference]:
        """None: its owner knows how it should be."""
        return ()

    def last_words(self, node: str) -> str:
        """Nobody can tell."""
        return ""

    def exists(self) -> bool:
        """Always: somebody else made it."""
        return True

    def stop(self) -> None:
        """Refused: it is not ours to stop."""
        raise Refused(
            f"cluster {self.name} stopped", seen="it is an existing cluster, which its owner runs", next_command="kubectl cluster-info"
        )

    def delete(self) -> None:
        """Refused: it is not ours to remove."""
        raise Refused(
            f"cluster {self.name} deleted", seen="it is an existing cluster, which its owner runs", next_command="kubectl cluster-info"
        )


def _node(item: dict) -> Node:  # type: ignore[type-arg]
    addresses = {entry["type"]: entry["address"] for entry in item["status"].get("addresses", [])}
    labels = item["metadata"].get("labels", {})
    role = "control" if CONTROL_LABELS & labels.keys() else "worker"
    return Node(item["metadata"]["name"], addresses.get("InternalIP", ""), role)
