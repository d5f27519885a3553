"""How a cluster comes up: one list of small steps, each of which does nothing where its work is done already.

The same list makes a cluster, starts a stopped one, and mends one of which some processes were killed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from converge.errors import NotReady, ThinkubeError
from converge.kubernetes.client import Api
from converge.nodes.embedded import files, kubeadm, links, loading, serving
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.ready import Patience, add_pod_ranges, create_absent, wait_for_api, wait_for_nodes, wait_for_system_pods
from converge.nodes.embedded.seeds import Seed
from converge.nodes.embedded.spaces import BRIDGE, Spaces
from converge.nodes.embedded.steps import Step
from converge.places import cache_folder
from converge.progress import Progress, State

if TYPE_CHECKING:
    from converge.images.store import Images

SYSTEM_IMAGES = ("kubernetes", "pause", "coredns")
REGISTRY = "registry.k8s.io/"
JOIN_ATTEMPTS = 3
JOIN_PAUSE_S = 10.0


@dataclass
class Start:
    """One start of one cluster."""

    layout: Layout
    spaces: Spaces
    images: Images
    progress: Progress
    patience: Patience
    known: bool
    made: Callable[[], None]
    began: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    _reborn: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def steps(self) -> list[Step]:
        """The whole start on one screen."""
        control = self.layout.control
        workers = self.layout.nodes[1:]
        addons = {"kube-proxy": [["addon", "kube-proxy"]], "coredns": [["addon", "coredns"]]}
        return [
            Step("find the node programs", self.find_programs),
            *(Step(f"find image {name}", partial(self.find_image, name)) for name in SYSTEM_IMAGES if not self.known),
            Step("make the bridge", self.make_bridge),
            *(
                step
                for node in self.layout.nodes
                for step in (
                    Step(f"make {node.name}", partial(self.make_node, node), ("find the node programs", "make the bridge")),
                    Step(
                        f"plant images on {node.name}",
                        partial(self.plant_images, node),
                        (f"make {node.name}", *(() if node.is_control else ("keep images",))),
                    ),
                    Step(f"start containerd on {node.name}", partial(self.start_containerd, node), (f"plant images on {node.name}",)),
                    Step(
                        f"load images on {node.name}",
                        partial(self.load_images, node),
                        (f"start containerd on {node.name}", *(f"find image {name}" for name in SYSTEM_IMAGES if not self.known)),
                    ),
                )
            ),
            Step("keep images", self.keep_images, (f"load images on {control.name}",)),
            Step("make certificates and manifests", self.make_control_plane_files, (f"make {control.name}",)),
            Step(
                f"start kubelet on {control.name}",
                partial(self.start_kubelet, control),
                ("make certificates and manifests", "keep images"),
            ),
            Step("wait for the API server", self.wait_for_api, (f"start kubelet on {control.name}",)),
            *(
                Step(f"run phase {phase}", partial(self.run_phase, phase), ("wait for the API server",))
                for phase in ("upload-config all", "mark-control-plane", "bootstrap-token")
            ),
            *(Step(f"render {name}", partial(self.render_addon, name), ("make certificates and manifests",)) for name in addons),
            *(Step(f"create {name}", partial(self.create_addon, name), (f"render {name}", "wait for the API server")) for name in addons),
            *(
                step
                for node in workers
                for step in (
                    Step(
                        f"join {node.name}",
                        partial(self.join, node),
                        ("run phase upload-config all", "run phase bootstrap-token", f"load images on {node.name}"),
                    ),
                    Step(f"start kubelet on {node.name}", partial(self.start_kubelet, node), (f"join {node.name}",)),
                )
            ),
            Step(
                "wait for the nodes",
                self.wait_for_nodes,
                ("run phase mark-control-plane", *(f"start kubelet on {node.name}" for node in self.layout.nodes)),
            ),
            Step("wait for DNS", self.wait_for_system_pods, (*(f"create {name}" for name in addons), "wait for the nodes")),
        ]

    # What it stands on

    @property
    def pki(self) -> Path:
        """kubeadm's certificates."""
        return self.layout.control.root / "etc/kubernetes/pki"

    @cached_property
    def api(self) -> Api:
        """The API server as its superuser, whose rights need no object in the cluster."""
        return Api.from_kubeconfig(self.layout.control.root / "etc/kubernetes/super-admin.conf")

    @cached_property
    def token(self) -> str:
        """A join token of this start; it dies after 300 s."""
        return f"{secrets.token_hex(3)}.{secrets.token_hex(8)}"

    @property
    def is_made(self) -> bool:
        """Whether the control plane has its files."""
        return (self.layout.control.root / "etc/kubernetes/manifests/kube-apiserver.yaml").exists()

    def is_joined(self, node: EmbeddedNode) -> bool:
        """Whether a node has credentials of its own."""
        return (node.root / "etc/kubernetes/kubelet.conf").exists()

    # Namespaces and network

    def find_programs(self) -> None:
        """Build or find the node programs, and give the cluster its own."""
        if self.layout.programs.exists():
            return
        source = self.images.programs()
        draft = self.layout.folder / "programs.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        originals: dict[Path, Path] = {}
        for program in sorted(source.iterdir()):
            original = program.resolve()
            if original in originals:  # one program with many names
                (draft / program.name).symlink_to(originals[original].name)
            else:
                originals[original] = draft / program.name
                _link(original, draft / program.name)
        draft.rename(self.layout.programs)

    def find_image(self, name: str) -> None:
        """Build or find an image."""
        self.images.archive(name)

    def make_bridge(self) -> None:
        """The namespace with the bridge, and this machine's link to it."""
        if self.spaces.holder(BRIDGE) is None:
            self.spaces.hold_bridge()
            self._reborn.add(BRIDGE)
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
            self._reborn.add(node.name)
            links.connect_node(self.spaces, node)
            links.add_rules(self.spaces, node)
        elif BRIDGE in self._reborn:
            links.connect_node(self.spaces, node)
        links.route(self.spaces, node)

    # Node programs

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

    def start_kubelet(self, node: EmbeddedNode) -> None:
        """The kubelet; whether it works is seen in the node's status."""
        serving.sign(self.pki, node)
        if self.spaces.process(node.name, "kubelet") is None:
            self.spaces.spawn(node.name, "kubelet", kubeadm.kubelet_command(node))

    # kubeadm

    def make_control_plane_files(self) -> None:
        """Certificates, credentials, static pods: kubeadm's, with our patches."""
        control = self.layout.control
        etc = control.root / "etc/kubernetes"
        if not self.is_made:
            self._write_patches(control)
            (etc / "audit/policy.yaml").write_text(kubeadm.text(kubeadm.POLICY))
            (etc / "authentication/config.yaml").write_text(kubeadm.text(kubeadm.EMPTY_AUTHENTICATION))
            self._configure()
            for argv in kubeadm.control_plane_files():
                self.spaces.run(control.name, argv)
        elif not all(self.is_joined(node) for node in self.layout.nodes):
            self._configure()
        self._follow_domain(etc / "manifests/kube-apiserver.yaml")
        serving.sign(self.pki, control)
        _write_private(self.layout.kubeconfig, (etc / "admin.conf").read_text())

    def run_phase(self, phase: str) -> None:
        """A phase of kubeadm against the running API server; afterwards nothing but a lack of workers needs it again."""
        marker = self.layout.folder / "phases" / phase.split()[0]
        joined = all(self.is_joined(node) for node in self.layout.nodes)
        if marker.exists() and (joined or phase != "bootstrap-token"):
            return
        self.spaces.run(self.layout.control.name, ["kubeadm", "init", "phase", *phase.split(), f"--config={kubeadm.CONFIGURATION}"])
        marker.parent.mkdir(exist_ok=True)
        marker.touch()

    def render_addon(self, name: str) -> None:
        """Have kubeadm print an addon, ahead of the API server."""
        target = self.layout.folder / "phases" / f"{name}.yaml"
        if target.exists():
            return
        argv = ["kubeadm", "init", "phase", "addon", name, "--print-manifest", f"--config={kubeadm.CONFIGURATION}"]
        target.parent.mkdir(exist_ok=True)
        draft = target.with_suffix(".new")
        draft.write_text(self.spaces.run(self.layout.control.name, argv).stdout)
        os.replace(draft, target)  # noqa: PTH105

    def create_addon(self, name: str) -> None:
        """Create what of an addon is absent; what is there, and was perhaps changed by others, stays."""
        marker = self.layout.folder / "phases" / name
        if marker.exists():
            return
        printed = (self.layout.folder / "phases" / f"{name}.yaml").read_text()
        create_absent(self.api, [_quicken(document) for document in _documents(printed)])
        marker.touch()

    def join(self, node: EmbeddedNode) -> None:
        """Make a worker of a node that is none yet: a short-lived token, three attempts, ten seconds apart."""
        if self.is_joined(node):
            return
        self._write_patches(node)
        etc = node.root / "etc/kubernetes"
        _write_private(node.root / kubeadm.CONFIGURATION.lstrip("/"), kubeadm.text(kubeadm.joining(node, self.token)))
        discovery = kubeadm.discovery(self.layout, (self.pki / "ca.crt").read_text(), self.token)
        _write_private(node.root / kubeadm.DISCOVERY.lstrip("/"), kubeadm.text(discovery))
        for attempt in range(1, JOIN_ATTEMPTS + 1):
            for left in (etc / "bootstrap-kubelet.conf", etc / "pki/ca.crt"):
                left.unlink(missing_ok=True)  # by an attempt that was broken off
            try:
                self.api.delete("Node", node.name)  # of a worker whose credentials were lost
                for phase in ("preflight", "kubelet-start"):
                    self.spaces.run(node.name, ["kubeadm", "join", "phase", phase, f"--config={kubeadm.CONFIGURATION}"])
                return
            except ThinkubeError as error:
                if attempt == JOIN_ATTEMPTS:
                    raise NotReady(f"{node.name} joined", seen=f"{attempt} attempts failed", cause=str(error)) from error
                self.progress.note(node.name, State.WAITING, f"joining again in {JOIN_PAUSE_S:.0f} s: {error.cause or error.seen}")
                self.patience.pause(JOIN_PAUSE_S)

    def _configure(self) -> None:
        layout = self.layout
        documents = [
            kubeadm.initialisation(layout, self.token),
            kubeadm.cluster(layout),
            kubeadm.kubelet(layout),
            kubeadm.proxy(layout),
        ]
        _write_private(layout.control.root / kubeadm.CONFIGURATION.lstrip("/"), kubeadm.text(*documents))

    def _write_patches(self, node: EmbeddedNode) -> None:
        for name, patch in kubeadm.patches(self.layout, node).items():
            (node.root / "etc/kubernetes/patches" / name).write_text(kubeadm.text(patch))

    def _follow_domain(self, manifest: Path) -> None:
        """A later inventory may name another domain; the API server has to find the tokens' issuer there."""
        document = yaml.load(manifest.read_text(), yaml.CSafeLoader)
        wanted = kubeadm.patches(self.layout, self.layout.control)["kube-apiserver+strategic.yaml"]["spec"]["hostAliases"]
        if document["spec"].get("hostAliases") != wanted:
            document["spec"]["hostAliases"] = wanted
            draft = self.layout.folder / "kube-apiserver.yaml"
            _write_private(draft, kubeadm.text(document))
            os.replace(draft, manifest)  # noqa: PTH105

    # Waiting

    def wait_for_api(self) -> None:
        """Until the API server serves."""
        wait_for_api(self.api, self.layout, self.patience)
        self.made()

    def wait_for_nodes(self) -> None:
        """Until every kubelet has said of this life that its node is ready."""
        wait_for_nodes(self.api, self.layout, self.began, self.patience)
        add_pod_ranges(self.api, self.layout)

    def wait_for_system_pods(self) -> None:
        """Until kube-proxy works on every node, and one CoreDNS."""
        wait_for_system_pods(self.api, self.layout, self._reborn, self.began, self.patience)


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


def _documents(printed: str) -> list[dict[str, Any]]:
    """The objects among what kubeadm prints: it says other things before, and forgets the line's end after some ``---``."""
    parts = re.split(r"^---", printed, flags=re.MULTILINE)[1:]
    return [document for part in parts if isinstance(document := yaml.load(part, yaml.CSafeLoader), dict)]


def _quicken(document: dict[str, Any]) -> dict[str, Any]:
    """CoreDNS is asked every second whether it is ready, instead of every ten."""
    if document["kind"] == "Deployment":
        for container in document["spec"]["template"]["spec"]["containers"]:
            container["readinessProbe"]["periodSeconds"] = 1
    return document


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(draft, path)  # noqa: PTH105


def _link(original: Path, target: Path) -> None:
    """The same file under another name where the file system can, else a copy."""
    try:
        target.hardlink_to(original)
    except OSError:
        shutil.copy2(original, target)
