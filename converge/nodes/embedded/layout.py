"""Where everything of one embedded cluster is: names, addresses and folders, all computed from the inventory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from converge.inventory import Inventory
from converge.inventory.model import EmbeddedNodes
from converge.nodes.embedded.cgroups import PROJECT
from converge.nodes.kubeadm.plan import CERTIFICATES, POD_PREFIX, Member, Plan
from converge.places import DEFAULT_STATE

LINK_NAME_MAX = 15  # IFNAMSIZ less the closing zero


@dataclass(frozen=True)
class EmbeddedNode(Member):
    """A node of an embedded cluster: ``folder`` is all that it keeps."""

    folder: Path

    @property
    def root(self) -> Path:
        """Its root file system as this machine sees it; host programs (/usr) are only mounted inside."""
        return self.folder / "root"


@dataclass(frozen=True)
class Layout(Plan):
    """The plan of one cluster: ``Layout.of(inventory, Path("/var/lib/thinkube"))``."""

    name: str
    domain: str
    workers: int
    subnet: IPv4Network
    pod_subnet: IPv4Network
    service_subnet: IPv4Network
    state: Path
    certificates: timedelta = CERTIFICATES

    @classmethod
    def of(cls, inventory: Inventory, state: Path) -> Layout:
        """The plan that an inventory describes; ``state`` is the folder of all clusters."""
        nodes = inventory.nodes
        if not isinstance(nodes, EmbeddedNodes):
            raise TypeError(f"not an inventory of embedded nodes: {nodes.kind}")
        return cls(
            name=inventory.name,
            domain=inventory.domain_name,
            workers=nodes.workers,
            subnet=IPv4Network(nodes.subnet, strict=False),
            pod_subnet=IPv4Network(nodes.pod_subnet, strict=False),
            service_subnet=IPv4Network(nodes.service_subnet, strict=False),
            state=state,
        )

    @property
    def folder(self) -> Path:
        """All of this cluster: ``/var/lib/thinkube/local``."""
        return self.state / self.name

    @property
    def superuser(self) -> Path:
        """Credentials whose rights need no object in the cluster: kubeadm's ``super-admin.conf``."""
        return self.control.root / "etc/kubernetes/super-admin.conf"

    @property
    def logs(self) -> Path:
        """What the node programs print."""
        return self.folder / "logs"

    @property
    def programs(self) -> Path:
        """The node programs: the cluster's own, so that it starts again whatever becomes of the cache."""
        return self.folder / "programs"

    @property
    def host_address(self) -> str:
        """This machine's address on the bridge: ``10.88.88.1``."""
        return str(self.subnet[1])

    @property
    def server_names(self) -> Sequence[str]:
        """This machine reaches the API server through its own address as well."""
        return [self.host_address]

    def kubelet_differs(self, node: Member) -> Mapping[str, Any]:
        """Each kubelet keeps to its node's control group."""
        return {"cgroupRoot": f"/{self.group}/{node.name}"}

    @property
    def handle(self) -> str:
        """What the kernel knows it by: its name, and for another state folder than the usual a mark of that folder.

        Without the mark a cluster of the same name in another folder would be taken for this one, and ended with it.
        """
        return self.name if self.state == DEFAULT_STATE else f"{self.name}-{_digest(str(self.state.absolute()), 4)}"

    @property
    def group(self) -> str:
        """The control group of the whole cluster: ``thinkube/local``; its nodes' kubelets are told the same."""
        return f"{PROJECT}/{self.handle}"

    @property
    def link(self) -> str:
        """The one network link that this machine gets: ``tk-local``."""
        plain = f"tk-{self.handle}"
        return plain if len(plain) <= LINK_NAME_MAX else f"tk-{self.handle[:5]}-{_digest(self.handle, 6)}"

    @property
    def control(self) -> EmbeddedNode:
        """The node with the control plane; its address is also the ingress's."""
        return self.nodes[0]

    @cached_property
    def nodes(self) -> tuple[EmbeddedNode, ...]:
        """The control node first, then the workers."""
        pods = self.pod_subnet.subnets(new_prefix=POD_PREFIX)
        names = [("control", "control"), *((f"worker-{number}", "worker") for number in range(1, self.workers + 1))]
        return tuple(
            EmbeddedNode(
                name=f"{self.name}-{suffix}",
                address=str(self.subnet[2 + index]),
                role=role,
                pods=next(pods),
                folder=self.folder / "nodes" / f"{self.name}-{suffix}",
            )
            for index, (suffix, role) in enumerate(names)
        )

    def node(self, name: str) -> EmbeddedNode:
        """The node of that name; a role or the end of a name will do where it is unique (``control``, ``worker-1``)."""
        for node in self.nodes:
            if name in (node.name, node.name.removeprefix(f"{self.name}-")):
                return node
        raise KeyError(name)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
