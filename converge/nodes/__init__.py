"""Where nodes come from: embedded (namespaces of this machine), hosts (over SSH) or existing (a kubeconfig)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.errors import Unavailable
from converge.inventory import Inventory
from converge.inventory.model import EmbeddedNodes, ExistingNodes, HostsNodes
from converge.nodes.provider import NodeProvider
from converge.progress import Progress

if TYPE_CHECKING:
    from converge.images.store import Images


def provider(inventory: Inventory, images: Images, progress: Progress) -> NodeProvider:
    """The provider that an inventory asks for; nothing is looked at or changed yet.

    Raises:
        Unavailable: this release has no such provider.
    """
    if isinstance(inventory.nodes, EmbeddedNodes):
        from converge.nodes.embedded.provider import EmbeddedProvider

        return EmbeddedProvider(inventory, images, progress)
    if isinstance(inventory.nodes, ExistingNodes):
        from converge.nodes.existing import ExistingProvider

        return ExistingProvider(inventory.name, inventory.nodes, inventory.images.load or (), progress)
    if isinstance(inventory.nodes, HostsNodes):
        from converge.nodes.hosts.provider import HostsProvider

        return HostsProvider(inventory, images, progress)
    raise Unavailable(f"nodes of kind {inventory.nodes.kind}", seen="not in this release", cause="embedded, hosts and existing are")
