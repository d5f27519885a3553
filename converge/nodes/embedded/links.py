"""The network of a cluster: one bridge in a namespace of its own, one link to this machine and one to each node.

The bridge is not in this machine's namespace, so a host firewall never sees what the nodes say to each other (Docker drops
forwarded packets, and makes bridges obey), and this machine gets exactly one link: its end has the subnet's first address.
"""

from __future__ import annotations

from pathlib import Path

from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.spaces import BRIDGE, Spaces
from converge.process import run


def host_commands(layout: Layout, bridge: int) -> list[str]:
    """What gives this machine its link, in the words of ``ip -batch``; ``bridge`` is the process that holds the bridge."""
    return [
        f"link add {layout.link} type veth peer name host netns {bridge}",
        f"address add {layout.host_address}/{layout.subnet.prefixlen} dev {layout.link}",
        f"link set {layout.link} up",
        # Pods answer this machine directly; without these their answers' answers would leave by the default route.
        *(f"route add {node.pods} via {node.address} dev {layout.link}" for node in layout.nodes),
    ]


def node_commands(layout: Layout, node: EmbeddedNode, holder: int) -> tuple[list[str], list[str]]:
    """What plugs a node in: first inside the bridge's namespace, then inside the node's."""
    port = f"node{layout.nodes.index(node)}"
    plug = [
        f"link add {port} type veth peer name eth0 netns {holder}",
        f"link set {port} master br0 up",
    ]
    own = [
        f"address add {node.address}/{layout.subnet.prefixlen} dev eth0",
        "link set eth0 up",
        f"route add default via {layout.host_address}",
        *(f"route add {other.pods} via {other.address}" for other in layout.nodes if other is not node),
    ]
    return plug, own


def dead_ends(layout: Layout) -> list[str]:
    """What a node says "unreachable" to at once, instead of sending it astray; it stays when the node is plugged in again."""
    return [
        # An address of the pod range that no node has.
        f"route add unreachable {layout.pod_subnet}",
        # A Service that kube-proxy does not know yet. (Once it does, it translates the address first, and this no longer matches.)
        f"rule add from {layout.pod_subnet} to {layout.service_subnet} unreachable",
    ]


def connect_host(spaces: Spaces) -> None:
    """Make this machine's link to a new bridge."""
    holder = spaces.holder(BRIDGE)
    _batch(host_commands(spaces.layout, holder or 0), [])
    _batch(["link set host master br0 up"], spaces.inside(BRIDGE, []))


def connect_node(spaces: Spaces, node: EmbeddedNode, *, is_new: bool) -> None:
    """Plug a node into the bridge: a new node, or one that has lost its bridge."""
    plug, own = node_commands(spaces.layout, node, spaces.holder(node.name) or 0)
    _batch(plug, spaces.inside(BRIDGE, []))
    _batch([*(dead_ends(spaces.layout) if is_new else []), *own], spaces.inside(node.name, []))


def _batch(commands: list[str], prefix: list[str]) -> None:
    run([*prefix, "ip", "-batch", "-"], stdin="\n".join(commands) + "\n", timeout_s=20)


def is_connected(layout: Layout) -> bool:
    """Whether this machine has its link."""
    return Path(f"/sys/class/net/{layout.link}").exists()
