"""A running embedded cluster, as everyone above uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from converge.errors import Refused
from converge.nodes.embedded import files, loading
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.machine import machines
from converge.nodes.embedded.machines import runtime_socket
from converge.nodes.embedded.spaces import Spaces
from converge.nodes.kubeadm import authentication, registries
from converge.nodes.kubeadm.plan import Member
from converge.nodes.loading import shown
from converge.nodes.provider import Node, RegistryAccess
from converge.process import Completed
from converge.progress import Progress

ANY_STATUS = range(-64, 256)


class EmbeddedCluster:
    """Nodes that are namespaces of this machine."""

    def __init__(self, layout: Layout, spaces: Spaces, progress: Progress) -> None:
        self._progress = progress
        self.layout = layout
        self.spaces = spaces
        self._machines = machines(layout, spaces)
        self.name = layout.name
        self.kubeconfig = layout.kubeconfig
        self.nodes: tuple[Node, ...] = layout.nodes
        self.ingress_address = layout.control.address
        self.audit_log: Path | None = layout.control.root / "var/log/kubernetes/audit.log"
        self.lets_in = True

    def run(self, node: str, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None) -> Completed:
        """Run a program on a node as root; the exit status is in the answer, not an error."""
        return self.spaces.run(self.node(node).name, argv, timeout_s=timeout_s, stdin=stdin, expect=ANY_STATUS)

    def load_images(self, archives: Mapping[str, Path], nodes: Sequence[str] | None = None) -> bool:
        """Make images runnable, on the nodes that take ordinary pods or on those named, the nodes in parallel; whether any lacked one."""
        chosen = [self.node(name) for name in nodes] if nodes is not None else self.layout.nodes[1:] or self.layout.nodes
        if not archives or not chosen:
            return False
        programs, runtimes = self.layout.programs, {node.name: runtime_socket(self.spaces, node) for node in chosen}
        with ThreadPoolExecutor(len(chosen)) as pool:
            found = pool.map(lambda runtime: loading.lacking(programs, runtime, archives), runtimes.values())
            lacking = {name: archives for name, archives in zip(runtimes, found, strict=True) if archives}
            with shown(self._progress, lacking):
                list(pool.map(lambda name: loading.bring(programs, runtimes[name], lacking[name].values()), lacking))
        return bool(lacking)

    def read_authentication(self) -> str:
        """The API server's AuthenticationConfiguration, as YAML text."""
        return authentication.read(self._machines[self.layout.control.name])

    def write_authentication(self, text: str) -> None:
        """Replace the AuthenticationConfiguration and wait until the API server works with it."""
        authentication.write(self.layout, self._machines[self.layout.control.name], text)

    def pulls_otherwise(self, registry: RegistryAccess) -> Sequence[str]:
        """The nodes that do not pull from a registry so."""
        return registries.lacking(self._machines, registry)

    def let_pull(self, registry: RegistryAccess) -> None:
        """Let every node pull so."""
        registries.write(self.layout, self._machines, registry, self._lay_out)

    def knows_registry(self, host: str) -> bool:
        """Whether the nodes pull from a registry as `let_pull` told them."""
        return registries.known(self._machines, host)

    def forget_registry(self, host: str) -> None:
        """Take that back."""
        registries.forget(self._machines, host)

    def node(self, name: str) -> EmbeddedNode:
        """A node by its name, or by the end of its name: ``control``, ``worker-1``."""
        try:
            return self.layout.node(name)
        except KeyError:
            names = ", ".join(node.name for node in self.layout.nodes)
            raise Refused(f"a node {name}", seen=f"cluster {self.name} has {names}", next_command="thinkube cluster status") from None

    def _lay_out(self, node: Member) -> None:
        files.write(self.layout, self.layout.node(node.name))
