"""What a cluster of kubeadm's is to be: its nodes, names and ranges, all computed from the inventory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from converge.nodes.provider import Node

POD_PREFIX = 24
CERTIFICATES = timedelta(days=3650)
ADMINISTRATOR = "/etc/kubernetes/admin.conf"


@dataclass(frozen=True)
class Member(Node):
    """A node of such a cluster: ``pods`` is its share of the pod range."""

    pods: IPv4Network

    @property
    def is_control(self) -> bool:
        """Whether the control plane runs on it."""
        return self.role == "control"


class Plan(ABC):
    """The plan of one cluster; its control node comes first."""

    name: str
    domain: str
    pod_subnet: IPv4Network
    service_subnet: IPv4Network
    certificates: timedelta
    """How long certificates last; a third before their end they are renewed."""

    @property
    @abstractmethod
    def nodes(self) -> Sequence[Member]:
        """The control node first, then the workers."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """What this machine keeps of it: ``/var/lib/thinkube/local``."""

    @property
    @abstractmethod
    def superuser(self) -> Path:
        """Credentials whose rights need no object in the cluster: kubeadm's ``super-admin.conf``."""

    @property
    @abstractmethod
    def server_names(self) -> Sequence[str]:
        """What the API server is called beside its address and the cluster's own names for it."""

    @abstractmethod
    def kubelet_differs(self, node: Member) -> Mapping[str, Any]:
        """What the KubeletConfiguration of one node says otherwise than those of all others."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's credentials."""
        return self.folder / "kubeconfig"

    @property
    def credentials(self) -> Mapping[Path, str]:
        """Which files of this machine repeat which of the control node's."""
        return {self.kubeconfig: ADMINISTRATOR}

    @property
    def dns_address(self) -> str:
        """The cluster DNS service, as kubeadm chooses it: ``10.96.0.10``."""
        return str(self.service_subnet[10])

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{self.control.address}:6443"

    @property
    def control(self) -> Member:
        """The node with the control plane; its address is also the ingress's."""
        return self.nodes[0]

    @property
    def is_shared(self) -> bool:
        """Whether there are workers, so that pods need not run on the control node."""
        return len(self.nodes) > 1
