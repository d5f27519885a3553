"""What would keep hosts from becoming nodes: everything that is wrong with every host, at once, before anything is touched."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from converge.errors import Missing, ThinkubeError
from converge.nodes.hosts import facts
from converge.nodes.hosts.facts import Facts

if TYPE_CHECKING:
    from converge.nodes.hosts.connection import Connection
    from converge.nodes.hosts.plan import HostsPlan

CLOCK_S = 5.0
DISK_MIB = {"control": 6 << 10, "worker": 4 << 10}
MEMORY_MIB = {"control": 1800, "worker": 900}
PORTS = {
    "control": {6443: "the API server", 2379: "etcd", 2380: "etcd", 10257: "the controller manager", 10259: "the scheduler"},
    "worker": {},
}
EVERYWHERE = {10250: "the kubelet", 10256: "kube-proxy"}
INGRESS = {80: "the ingress", 443: "the ingress"}
CONTROLLERS = ("cpu", "cpuset", "memory", "pids")
PACKAGES = {
    "iptables": "iptables",
    "ss": "iproute2",
    "ip": "iproute2",
    "modprobe": "kmod",
    "sysctl": "procps",
    "tar": "tar",
    "bash": "bash",
}
NOT_FOR_LAYERS = ("overlayfs", "nfs", "msdos", "fuseblk", "tmpfs", "ramfs")
OURS = "/opt/thinkube/bin/"


@dataclass(frozen=True)
class Preflight:
    """What was found on each host, and what keeps a host from being used."""

    facts: Mapping[str, Facts]
    faults: Mapping[str, list[str]]
    unreached: Mapping[str, ThinkubeError] = field(default_factory=dict)
    """The hosts that could not be looked at."""

    def require(self, cluster: str, without: Collection[str] = ()) -> None:
        """See that nothing is wrong, but with the hosts ``without`` which the cluster does.

        Raises:
            Missing: with everything that is wrong with each host.
        """
        if any(faults for name, faults in self.faults.items() if name not in without):
            raise Missing(
                f"hosts for cluster {cluster}",
                seen="\n".join(self.lines()),
                next_command="\n".join(one.next_command for one in [*self.unreached.values()][:5]),
            )

    def lines(self) -> Iterator[str]:
        """One line a fault: ``beta: port 6443, on which the API server listens, is taken by nginx``."""
        for name, faults in self.faults.items():
            for fault in faults:
                yield f"{name}: {fault}"


def look(plan: HostsPlan, connections: Mapping[str, Connection]) -> Preflight:
    """Look at every host at once, then let each try to reach the others."""
    faults: dict[str, list[str]] = {host.name: [] for host in plan.hosts}
    unreached: dict[str, ThinkubeError] = {}
    seen: dict[str, Facts] = {}

    def one(name: str) -> Facts | ThinkubeError:
        try:
            return facts.look(connections[name])
        except ThinkubeError as error:
            return error

    with ThreadPoolExecutor(len(plan.hosts), thread_name_prefix="look") as pool:
        for name, found in zip(faults, pool.map(one, faults), strict=True):
            if isinstance(found, ThinkubeError):
                faults[name].append(_short(found))
                unreached[name] = found
            else:
                seen[name] = found
        for name, texts in judge(plan, seen).items():
            faults[name] += texts
        ways = pool.map(lambda name: facts.reach(connections[name], _others(plan, name, seen)), seen)
        for name, ways_of_one in zip(seen, ways, strict=True):
            faults[name] += list(_unreached(plan, ways_of_one))
    return Preflight(seen, faults, unreached)


def judge(plan: HostsPlan, seen: Mapping[str, Facts]) -> dict[str, list[str]]:
    """What is wrong with each host by itself, and between hosts."""
    found = {name: list(_of_one(plan, name, one)) for name, one in seen.items()}
    machines: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, one in seen.items():
        machine, hostname = one.sections["machine"] or name, one.sections["hostname"]
        if machine in machines:
            found[name].append(f"it is the same machine as {machines[machine]} (/etc/machine-id {machine}), or a copy of it")
        machines.setdefault(machine, name)
        if hostname in names:
            found[name].append(f"its host name {hostname} is that of {names[hostname]} too")
        names.setdefault(hostname, name)
    return found


def _of_one(plan: HostsPlan, name: str, seen: Facts) -> Iterator[str]:
    node = next(node for node in plan.nodes if node.name == name)
    said, record = seen.sections, seen.record
    if record and record.get("cluster") != plan.name:
        yield f"it is node {record.get('node')} of the cluster {record.get('cluster')}; thinkube cluster delete there takes it away"
        return
    is_ours = bool(record)
    if IPv4Address(node.address) not in seen.addresses.values():
        yield f"address {node.address} is none of its own ({', '.join(map(str, seen.addresses.values()))}): other nodes would not find it"
    if abs(seen.ahead_s) > CLOCK_S:
        side = "ahead of" if seen.ahead_s > 0 else "behind"
        yield f"its clock is {abs(seen.ahead_s):.0f} s {side} this machine's: certificates would not be valid (timedatectl set-ntp true)"
    if absent := said["tools"].split():
        yield f"{', '.join(absent)} not installed: apt-get install {' '.join(sorted({PACKAGES.get(one, one) for one in absent}))}"
    elif said["nat"] != "yes":
        yield "iptables has no nat table: the kernel lacks it (modprobe iptable_nat)"
    if not said["seccomp"]:
        yield "libseccomp is not installed: apt-get install libseccomp2"
    if said["overlay"] != "yes":
        yield "its kernel has no overlay file system (modprobe overlay)"
    if said["filesystem"] in NOT_FOR_LAYERS:
        yield f"/var/lib is on {said['filesystem']}, on which containers' layers cannot be kept"
    if lacking := [one for one in CONTROLLERS if one not in said["controllers"].split()]:
        yield f"control group controllers are not available: {', '.join(lacking)}"
    if "x86_64" not in said["kernel"]:
        yield f"it is {said['kernel']}, the node programs are for Linux on x86_64"
    if not is_ours:
        yield from _of_a_stranger(node.role, seen)
    yield from _firewall(said, [*(one.address for one in plan.nodes if one.name != name), str(plan.pod_subnet)])
    for network, device in seen.routes.items():
        for label, ours in (("pod_subnet", plan.pod_subnet), ("service_subnet", plan.service_subnet)):
            if network.overlaps(ours) and not is_ours:
                yield f"its route to {network} by {device} overlaps {label} {ours}"


def _of_a_stranger(role: str, seen: Facts) -> Iterator[str]:
    """What counts only until a host is ours."""
    if engines := sorted({one for one in seen.sections["engines"].split() if not one.startswith(OURS)}):
        yield f"an engine runs there already ({', '.join(engines)}): it would meet ours; remove it, or take another machine"
    elif files := seen.sections["cni"].split():
        yield f"somebody's pod network is in /etc/cni/net.d ({', '.join(files)}): remove it with what brought it"
    ingress = INGRESS if role == "control" else {}
    for port, owner in (PORTS[role] | EVERYWHERE | ingress).items():
        if port in seen.listening:
            yield f"port {port}, on which {owner} listens, is taken by {seen.listening[port]}"
    if seen.free_mib < DISK_MIB[role]:
        yield f"{seen.free_mib / 1024:.1f} GiB free at /var/lib, {DISK_MIB[role] >> 10} are needed"
    if seen.memory_mib < MEMORY_MIB[role]:
        yield f"{seen.memory_mib / 1024:.1f} GiB of memory, {MEMORY_MIB[role] / 1024:.1f} are needed"


def _firewall(said: Mapping[str, str], sources: list[str]) -> Iterator[str]:
    """A firewall that does not let in the other nodes and the pods."""
    if said["ufw"].startswith("Status: active"):
        if out := [one for one in sources if one not in said["ufw"]]:
            yield f"its firewall keeps out {', '.join(out)}: {'; '.join(f'ufw allow from {one}' for one in out)}"
    elif said["firewalld"] == "running":
        if out := [one for one in sources if one not in said["trusted"].split()]:
            add = " ".join(f"--add-source={one}" for one in out)
            yield f"its firewall keeps out {', '.join(out)}: firewall-cmd --permanent --zone=trusted {add} && firewall-cmd --reload"
    elif re.search(r"^-P INPUT (DROP|REJECT)", said["input"], re.MULTILINE):
        accepted = re.findall(r"^-A INPUT -s (\S+).* -j ACCEPT", said["input"], re.MULTILINE)
        if out := [one for one in sources if one not in accepted and f"{one}/32" not in accepted]:
            yield f"its firewall keeps out {', '.join(out)}: {'; '.join(f'iptables -A INPUT -s {one} -j ACCEPT' for one in out)}"


def _others(plan: HostsPlan, name: str, seen: Mapping[str, Facts]) -> list[tuple[str, str, int]]:
    return [(host.name, host.address, host.port) for host in plan.hosts if host.name != name and host.name in seen]


def _unreached(plan: HostsPlan, ways: Mapping[str, str]) -> Iterator[str]:
    addresses = {host.name: host.address for host in plan.hosts}
    for other, way in ways.items():
        if way == "no":
            yield f"it does not reach {other} at {addresses[other]}"
        elif way == "routed":
            yield f"it reaches {other} at {addresses[other]} through a router; nodes have to be in one network"


def _short(error: ThinkubeError) -> str:
    """An error in one line, of a host that is named before it."""
    seen, cause = (error.seen or error.wanted).replace("\n", " "), f" ({error.cause})" if error.cause else ""
    return f"{seen}{cause}"
