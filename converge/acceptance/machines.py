"""Nodes as machines: what testinfra sees on them, whichever provider leads there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from converge.errors import Unavailable
from converge.inventory.model import HostsNodes, Inventory
from converge.nodes.hosts.account import aliases

if TYPE_CHECKING:
    from converge.nodes.provider import Cluster

ASKED = ("kubectl get nodes --output=name", "helm list --output=json")
SHELLS = ("bash", "zsh", "fish")


def looks(cluster: Cluster) -> dict[str, Any]:
    """Every node as testinfra sees a host.

    Raises:
        Unavailable: the cluster's owner gives nobody a way into its nodes.
    """
    from converge.nodes.host import host

    if not cluster.lets_in:
        raise Unavailable("a look into the nodes", seen="an existing cluster gives no access to its nodes")
    return {node.name: host(cluster, node.name) for node in cluster.nodes}


def ports(host: Any) -> set[int]:
    """The TCP ports on which somebody listens."""
    return {int(address.rpartition(":")[2]) for address in host.socket.get_listening_sockets() if address.startswith("tcp://")}


def readers(host: Any, path: str) -> str:
    """Whose a file is, and with which mode: ``root root 0o600``."""
    file = host.file(path)
    return f"{file.user} {file.group} {oct(file.mode)}"


def has_systemd(host: Any) -> bool:
    """Whether systemd is its first process."""
    return bool(host.file("/proc/1/comm").content_string.strip() == "systemd")


def is_kept(host: Any, service: str) -> bool:
    """Whether a service runs, and comes back when the machine is switched on."""
    return bool(host.service(service).is_running and host.service(service).is_enabled)


def control(inventory: Inventory, hosts: Mapping[str, Any]) -> tuple[Any, str]:
    """The control node and the account that the inventory names there.

    Raises:
        Unavailable: the nodes have no accounts of people.
    """
    nodes = inventory.nodes
    if not isinstance(nodes, HostsNodes):
        raise Unavailable("an account on the control node", seen=f"nodes of kind {nodes.kind} have none")
    found = next(host for host in nodes.hosts if host.role == "control")
    return hosts[found.name], found.user


def answers(host: Any, user: str) -> dict[str, str]:
    """What kubectl and helm of an account answer, found where a login finds them and without sudo."""
    return {line: host.check_output("su - %s -c %s", user, f"PATH=$HOME/.local/bin:$PATH; {line}") for line in ASKED}


def unknown_names(host: Any, user: str) -> dict[str, list[str]]:
    """The short names that a shell of the account does not know, of the shells that are installed."""
    found = {}
    for shell in SHELLS:
        if not host.exists(shell):
            continue
        said = host.run("su - %s -c %s", user, f"TERM=dumb {shell} -ic alias 2>/dev/null").stdout
        known = {line.removeprefix("alias ").replace("=", " ").split(" ")[0] for line in said.splitlines()}
        if lacking := sorted(set(aliases()) - known):
            found[shell] = lacking
    return found
