"""The network of a cluster: one bridge in a namespace of its own, one link to this machine and one to each node.

The bridge is not in this machine's namespace, so a host firewall never sees what the nodes say to each other (Docker drops
forwarded packets, and makes bridges obey), and this machine gets exactly one link: its end has the subnet's first address.
"""

from __future__ import annotations

import time
from pathlib import Path

from converge.errors import NotReady
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.spaces import BRIDGE, Spaces
from converge.process import run


def host_commands(layout: Layout, bridge: int) -> list[str]:
    """What gives this machine its link, in the words of ``ip -batch``; ``bridge`` is the process that holds the bridge."""
    return [
        f"link add {layout.link} type veth peer name host netns {bridge}",
        f"address add {layout.host_address}/{layout.subnet.prefixlen} dev {layout.link}",
        f"link set {layout.link} up",
    ]


def host_routes(layout: Layout) -> list[str]:
    """Where this machine finds pods: they answer it directly, and its answers must not leave by the default route."""
    return [f"route replace {node.pods} via {node.address} dev {layout.link}" for node in layout.nodes]


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
    ]
    return plug, own


def node_routes(layout: Layout, node: EmbeddedNode) -> list[str]:
    """Where a node finds this machine and the pods of other nodes, and what it calls unreachable at once."""
    return [
        f"route replace default via {layout.host_address}",
        *(f"route replace {other.pods} via {other.address}" for other in layout.nodes if other is not node),
        # An address of the pod range that no node has must not travel to this machine and back.
        f"route replace unreachable {layout.pod_subnet}",
    ]


def node_rules(layout: Layout) -> list[str]:
    """A pod that asks a Service before kube-proxy knows it is told at once, instead of waiting for a packet that went astray.

    (Once kube-proxy knows it, the address is translated before this could match.)
    """
    return [f"rule add from {layout.pod_subnet} to {layout.service_subnet} unreachable"]


def connect_host(spaces: Spaces) -> None:
    """Make this machine's link to a new bridge; the link of a bridge that was killed may still be about to go."""
    layout = spaces.layout
    until = time.monotonic() + 10
    while is_connected(layout):
        run(["ip", "link", "delete", layout.link], timeout_s=20, expect=(0, 1))
        if time.monotonic() > until:
            raise NotReady(
                f"the link {layout.link}", seen="one of that name is there and does not go", next_command=f"ip link show {layout.link}"
            )
    _batch(host_commands(layout, spaces.holder(BRIDGE) or 0), [])
    _batch(["link set host master br0 up"], spaces.inside(BRIDGE, []))


def disconnect_host(layout: Layout) -> None:
    """Remove this machine's link at once; it would go with the bridge's namespace, but a moment after its processes."""
    until = time.monotonic() + 10
    while is_connected(layout):
        run(["ip", "link", "delete", layout.link], timeout_s=20, expect=(0, 1))
        if time.monotonic() > until:
            raise NotReady(f"the link {layout.link} removed", seen="it does not go", next_command=f"ip link show {layout.link}")


def connect_node(spaces: Spaces, node: EmbeddedNode) -> None:
    """Plug a node into the bridge: a new node, or one that has lost its bridge."""
    plug, own = node_commands(spaces.layout, node, spaces.holder(node.name) or 0)
    _batch(plug, spaces.inside(BRIDGE, []))
    _batch(own, spaces.inside(node.name, []))


def route(spaces: Spaces, node: EmbeddedNode | None = None) -> None:
    """Tell a node (or this machine) the way to all others, also to those that came later."""
    commands = node_routes(spaces.layout, node) if node else host_routes(spaces.layout)
    _batch(commands, spaces.inside(node.name, []) if node else [])


def add_rules(spaces: Spaces, node: EmbeddedNode) -> None:
    """Add what is said once in a node's life."""
    _batch(node_rules(spaces.layout), spaces.inside(node.name, []))


def is_connected(layout: Layout) -> bool:
    """Whether this machine has its link."""
    return Path(f"/sys/class/net/{layout.link}").exists()


def _batch(commands: list[str], prefix: list[str]) -> None:
    run([*prefix, "ip", "-batch", "-"], stdin="\n".join(commands) + "\n", timeout_s=20)
