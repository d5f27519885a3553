"""Nodes as machines: their programs, namespaces, links and container runtime; nothing here knows of Kubernetes' API."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from converge.errors import NotReady
from converge.nodes.embedded import files, links, loading
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.seeds import Seed
from converge.nodes.embedded.spaces import BRIDGE, Spaces
from converge.nodes.kubeadm.programs import gather
from converge.nodes.kubeadm.ready import Patience
from converge.nodes.kubeadm.start import SYSTEM_IMAGES
from converge.places import cache_folder

if TYPE_CHECKING:
    from converge.images.store import Images

REGISTRY = "registry.k8s.io/"


@dataclass
class Machines:
    """The nodes of one cluster; ``known`` says that it has run before, ``reborn`` collects what this start made anew."""

    layout: Layout
    spaces: Spaces
    images: Images
    patience: Patience
    known: bool
    reborn: set[str] = field(default_factory=set)

    def find_programs(self) -> None:
        """Build or find the node programs, and give the cluster its own."""
        if self.layout.programs.exists():
            return
        gather(self.images.programs(), self.layout.programs)

    def find_image(self, name: str) -> None:
        """Build or find an image."""
        self.images.archive(name)

    def make_bridge(self) -> None:
        """The namespace with the bridge, and this machine's link to it."""
        if self.spaces.holder(BRIDGE) is None:
            self.spaces.hold_bridge()
            self.reborn.add(BRIDGE)
            links.connect_host(self.spaces)
        elif not links.is_connected(self.layout):
            links.connect_host(self.spaces)
        links.route(self.spaces)

    def make_node(self, node: EmbeddedNode) -> None:
        """A node's namespaces, root file system, link and routes."""
        if self.spaces.holder(node.name) is None:
            group = self.spaces.group_of(node.name)
            self.spaces.cgroups.end(group)  # what runs there has lost its node
            self.spaces.cgroups.remove(group)  # the kubelet would look into each of the dead containers' groups for seconds
            files.write(self.layout, node)
            self.spaces.hold_node(node, self.layout.programs)
            self.reborn.add(node.name)
            links.connect_node(self.spaces, node)
            links.add_rules(self.spaces, node)
        elif BRIDGE in self.reborn:
            links.connect_node(self.spaces, node)
        links.route(self.spaces, node)

    def start_containerd(self, node: EmbeddedNode) -> None:
        """The container runtime, until it answers."""
        if self.spaces.process(node.name, "containerd") is None:
            self.spaces.spawn(node.name, "containerd", ["containerd", "--config", "/etc/containerd/config.toml"])
        path = runtime_socket(self.spaces, node)
        until = time.monotonic() + 30
        while not _answers(path):
            if time.monotonic() > until:
                log = self.layout.logs / f"{node.name}.containerd.log"
                raise NotReady(f"containerd on {node.name}", seen="no answer for 30 s", next_command=f"tail {log}")
            self.patience.pause(0.03)  # a socket cannot be watched before it is there

    def load_images(self, node: EmbeddedNode) -> None:
        """Import what the system runs where the node lacks it."""
        runtime = runtime_socket(self.spaces, node)
        there = loading.present(self.layout.programs, runtime)
        lacking = [name for name in SYSTEM_IMAGES if not there.issuperset(self._fixed_names(name))]
        loading.bring(self.layout.programs, runtime, [self.images.archive(name) for name in lacking])

    def plant_images(self, node: EmbeddedNode) -> None:
        """What an earlier start imported, for a node that has nothing yet."""
        if self.seed:
            self.seed.plant(node)

    def keep_images(self) -> None:
        """Keep what the control node imported, for the workers and for later clusters."""
        if self.seed:
            self.seed.keep(self.layout.control)

    @cached_property
    def seed(self) -> Seed | None:
        """Only for a cluster that has run nothing yet."""
        return None if self.known else Seed.of(cache_folder(), [self.images.reference(name) for name in SYSTEM_IMAGES])

    def _fixed_names(self, name: str) -> list[str]:
        """The names by which kubeadm's manifests ask for an image."""
        return [reference for reference in self.images.references(name) if reference.startswith(REGISTRY)]


def runtime_socket(spaces: Spaces, node: EmbeddedNode) -> Path:
    """containerd's socket, as this machine reaches it: through the process that holds the node's mounts."""
    return Path(f"/proc/{spaces.holder(node.name)}/root/run/containerd/containerd.sock")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
