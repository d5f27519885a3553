"""The cluster that this program itself runs in: reached with the pod's own account, and used as it is.

Source: Kubernetes documentation, "Accessing the Kubernetes API from a Pod".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from converge.errors import Missing
from converge.inventory.model import ExistingNodes
from converge.nodes.existing import ExistingCluster, ExistingProvider
from converge.progress import Progress

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = "https://kubernetes.default.svc"


class ClusterAround(ExistingCluster):
    """Its nodes have every image already: whoever started this program in it has seen to that."""

    def load_images(self, archives: Mapping[str, Path], nodes: Sequence[str] | None = None) -> bool:
        """Nothing: see the class."""
        return False


class ProviderInside(ExistingProvider):
    """Finds the cluster around this pod; ``folder`` is where its kubeconfig is written, which names the account's files."""

    def __init__(self, name: str, ingress_address: str, folder: Path, account: Path = ACCOUNT) -> None:
        super().__init__(name, ExistingNodes(kind="existing", kubeconfig=folder / "kubeconfig", ingress_address=ingress_address))
        self._account = account

    def start(self, progress: Progress) -> ClusterAround:
        """The cluster, if it answers.

        Raises:
            Missing: this is no pod, or it has no account.
            Unreachable: the API server does not answer.
        """
        if not (self._account / "token").exists():
            raise Missing(
                "a pod's account",
                seen=f"no {self._account}/token",
                cause="`thinkube inside` is for pods of the platform",
                next_command="pytest features/",
            )
        self.nodes.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        self.nodes.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig()))
        found = super().start(progress)
        return ClusterAround(found.name, found.kubeconfig, found.nodes, found.ingress_address)

    def _kubeconfig(self) -> dict[str, object]:
        cluster = {"server": SERVER, "certificate-authority": str(self._account / "ca.crt")}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "inside",
            "clusters": [{"name": "inside", "cluster": cluster}],
            "users": [{"name": "inside", "user": {"tokenFile": str(self._account / "token")}}],
            "contexts": [{"name": "inside", "context": {"cluster": "inside", "user": "inside"}}],
        }
