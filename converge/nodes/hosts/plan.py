"""What a cluster on hosts is to be: names, addresses and ranges from the inventory, and what was found on each host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from converge.inventory import Inventory
from converge.inventory.model import HostsNodes, SshHost
from converge.nodes.kubeadm.plan import ADMINISTRATOR, CERTIFICATES, POD_PREFIX, Member, Plan

SUPERUSER = "/etc/kubernetes/super-admin.conf"
RESOLVED = "/run/systemd/resolve/resolv.conf"


@dataclass(frozen=True)
class Traits:
    """What of a host decides how it is set up."""

    has_systemd: bool = False
    """systemd is its first process."""
    has_resolved: bool = False
    """systemd-resolved answers its questions for names."""


@dataclass(frozen=True)
class HostsPlan(Plan):
    """The plan of one cluster; ``shares`` says which host has which part of the pod range, by its number."""

    name: str
    domain: str
    hosts: tuple[SshHost, ...]
    pod_subnet: IPv4Network
    service_subnet: IPv4Network
    state: Path
    shares: Mapping[str, int]
    traits: Mapping[str, Traits] = field(default_factory=dict)
    certificates: timedelta = CERTIFICATES

    @classmethod
    def of(cls, inventory: Inventory, state: Path, shares: Mapping[str, int], traits: Mapping[str, Traits] | None = None) -> HostsPlan:
        """The plan that an inventory describes; hosts keep the ``shares`` that they had, new ones get the first that are free."""
        nodes = inventory.nodes
        if not isinstance(nodes, HostsNodes):
            raise TypeError(f"not an inventory of hosts: {nodes.kind}")
        hosts = tuple(sorted(nodes.hosts, key=lambda host: host.role != "control"))
        return cls(
            name=inventory.name,
            domain=inventory.domain_name,
            hosts=hosts,
            pod_subnet=IPv4Network(nodes.pod_subnet),
            service_subnet=IPv4Network(nodes.service_subnet),
            state=state,
            shares=assign([host.name for host in hosts], shares),
            traits=traits or {},
        )

    @property
    def folder(self) -> Path:
        """What this machine keeps of it."""
        return self.state / self.name

    @property
    def superuser(self) -> Path:
        """The control node's, repeated here."""
        return self.folder / "superuser"

    @property
    def credentials(self) -> Mapping[Path, str]:
        """Both of its kubeconfigs are repeated on this machine."""
        return {self.kubeconfig: ADMINISTRATOR, self.superuser: SUPERUSER}

    @property
    def server_names(self) -> Sequence[str]:
        """The control node's name."""
        return [self.control.name]

    @property
    def programs(self) -> Path:
        """The node programs, from here on their way to the hosts."""
        return self.folder / "programs"

    @cached_property
    def nodes(self) -> tuple[Member, ...]:
        """The control node first, then the workers."""
        pods = list(self.pod_subnet.subnets(new_prefix=POD_PREFIX))
        return tuple(Member(host.name, host.address, host.role, pods[self.shares[host.name]]) for host in self.hosts)

    def kubelet_differs(self, node: Member) -> Mapping[str, Any]:
        """How a host makes control groups, and whom it asks for names."""
        traits = self.traits.get(node.name, Traits())
        resolver = {"resolvConf": RESOLVED} if traits.has_resolved else {}
        return {"cgroupDriver": "systemd" if traits.has_systemd else "cgroupfs", **resolver}


def assign(names: Sequence[str], known: Mapping[str, int]) -> dict[str, int]:
    """``assign(["a", "c"], {"a": 0, "b": 1})`` is ``{"a": 0, "c": 2}``: nobody gets what another had while it is remembered."""
    free = _numbers_not_in(set(known.values()))
    return {**known, **{name: next(free) for name in names if name not in known}}


def _numbers_not_in(taken: set[int]) -> Iterator[int]:
    number = 0
    while True:
        if number not in taken:
            yield number
        number += 1
