"""A running cluster on hosts, as everyone above uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from converge.errors import Refused
from converge.nodes.hosts import host_files, loading
from converge.nodes.hosts.machine import HostMachine, reached
from converge.nodes.hosts.plan import HostsPlan
from converge.nodes.kubeadm import authentication, registries
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.plan import Member
from converge.nodes.loading import shown
from converge.nodes.provider import Node, RegistryAccess
from converge.process import Completed
from converge.progress import Progress, State


class HostsCluster:
    """Nodes that are machines of the user's."""

    audit_log: Path | None = None
    lets_in = True

    def __init__(self, plan: HostsPlan, machines: Mapping[str, HostMachine], progress: Progress) -> None:
        self._progress = progress
        self._plan = plan
        self._hosts = machines
        self.name = plan.name
        self.kubeconfig = plan.kubeconfig
        self.nodes: tuple[Node, ...] = plan.nodes
        self.ingress_address = plan.control.address

    def run(self, node: str, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None) -> Completed:
        """Run a program on a host as root; the exit status is in the answer, not an error."""
        return self.machine(node).connection.run(argv, timeout_s=timeout_s, stdin=stdin or "")

    def load_images(self, archives: Mapping[str, Path], nodes: Sequence[str] | None = None) -> bool:
        """Make images runnable, on the hosts that take ordinary pods or on those named, in parallel; whether any lacked one."""
        chosen = {name: self.machine(name) for name in nodes} if nodes is not None else self._ordinary()
        if not archives or not chosen:
            return False
        with ThreadPoolExecutor(len(chosen)) as pool:
            found = pool.map(lambda machine: loading.lacking(machine, archives), chosen.values())
            lacking = {name: some for name, some in zip(chosen, found, strict=True) if some}
            with shown(self._progress, lacking):
                list(pool.map(lambda name: loading.bring(chosen[name], lacking[name].values()), lacking))
        return bool(lacking)

    def read_authentication(self) -> str:
        """The API server's AuthenticationConfiguration, as YAML text."""
        return authentication.read(self._hosts[self._plan.control.name])

    def write_authentication(self, text: str) -> None:
        """Replace the AuthenticationConfiguration and wait until the API server works with it."""
        authentication.write(self._plan, self._hosts[self._plan.control.name], text)

    def pulls_otherwise(self, registry: RegistryAccess) -> Sequence[str]:
        """The nodes that do not pull from a registry so."""
        return registries.lacking(self._reached, registry)

    def let_pull(self, registry: RegistryAccess) -> None:
        """Let every node pull so."""
        registries.write(self._plan, self._reached, registry, self._lay_out)

    def knows_registry(self, host: str) -> bool:
        """Whether the nodes pull from a registry as `let_pull` told them."""
        return registries.known(self._reached, host)

    def forget_registry(self, host: str) -> None:
        """Take that back."""
        registries.forget(self._reached, host)

    def machine(self, name: str) -> HostMachine:
        """A host by its name, or by its role where that is unique: ``control``."""
        for node in self._plan.nodes:
            if name in (node.name, "control" if node.is_control else node.name):
                return self._hosts[node.name]
        names = ", ".join(self._hosts)
        raise Refused(f"a node {name}", seen=f"cluster {self.name} has {names}", next_command="thinkube cluster status")

    @cached_property
    def _reached(self) -> Mapping[str, Machine]:
        """The hosts that answer; what the others lack they get once they are back."""
        return self._answering

    @cached_property
    def _answering(self) -> dict[str, HostMachine]:
        found = reached(self._plan, self._hosts)
        for name in self._hosts.keys() - found.keys():
            self._progress.note(name, State.WAITING, "not reached: what it lacks it gets when it is back")
        return found

    def _ordinary(self) -> dict[str, HostMachine]:
        names = [node.name for node in self._plan.nodes[1:] or self._plan.nodes]
        return {name: self._answering[name] for name in names if name in self._answering}

    def _lay_out(self, node: Member) -> None:
        self._hosts[node.name].write_all(host_files.contents(self._plan, node))
