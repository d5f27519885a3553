"""Nodes as members of a cluster: what kubeadm makes of them."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from converge.errors import NotReady, ThinkubeError
from converge.kubernetes.client import Api
from converge.kubernetes.ready import condition
from converge.nodes.embedded import expiry, files, kubeadm, serving
from converge.nodes.embedded.inspection import absent
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.phases import PHASES, addon_file, documents, is_marked
from converge.nodes.embedded.program_logs import kubelet_log, last_words
from converge.nodes.embedded.ready import Patience, create_absent
from converge.nodes.embedded.spaces import Spaces
from converge.progress import Progress, State

JOIN_ATTEMPTS = 3
JOIN_PAUSE_S = 10.0
BORN_S = 3.0
"""How long a program may take from its start until it is seen under its own name."""
READS_ONCE = ("controller-manager", "scheduler")
CREDENTIALS = "thinkube.dev/credentials"
MARK = "mark-control-plane"


@dataclass
class Membership:
    """The control plane of one cluster, and how nodes come to belong to it."""

    layout: Layout
    spaces: Spaces
    patience: Patience
    progress: Progress
    started: dict[str, float] = field(default_factory=dict)
    """The nodes whose kubelets this start has started, and when."""

    @property
    def pki(self) -> Path:
        """kubeadm's certificates."""
        return self.layout.control.root / "etc/kubernetes/pki"

    @cached_property
    def api(self) -> Api:
        """The API server as its superuser, whose rights need no object in the cluster."""
        return Api.from_kubeconfig(self.layout.superuser)

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

    def make_control_plane_files(self) -> None:
        """Certificates, credentials, static pods: kubeadm's, with our patches."""
        control = self.layout.control
        etc = control.root / "etc/kubernetes"
        if not self.is_made:
            self._write_patches(control)
            files.put(etc / "audit/policy.yaml", kubeadm.text(kubeadm.POLICY))
            files.put(etc / "authentication/config.yaml", kubeadm.text(kubeadm.EMPTY_AUTHENTICATION))
            self._configure()
            for argv in kubeadm.control_plane_files():
                self.spaces.run(control.name, argv)
        else:
            self._configure()
            self._renew()
        self._follow_domain(etc / "manifests/kube-apiserver.yaml")
        for name in READS_ONCE:
            self._follow_credentials(etc / f"manifests/kube-{name}.yaml", etc / f"{name}.conf")
        serving.sign(self.pki, control, self.layout.certificates)
        _write_private(self.layout.kubeconfig, (etc / "admin.conf").read_text())

    def run_phase(self, phase: str) -> None:
        """A phase of kubeadm against the running API server, where something of what it leaves is not there."""
        is_joining = phase == "bootstrap-token" and not all(self.is_joined(node) for node in self.layout.nodes)
        if is_joining or self._lacks(phase):
            self.spaces.run(self.layout.control.name, ["kubeadm", "init", "phase", *phase.split(), f"--config={kubeadm.CONFIGURATION}"])

    def _lacks(self, phase: str) -> bool:
        if phase == MARK:
            control = self.api.find("Node", self.layout.control.name)
            return control is None or not is_marked(self.layout, control)
        return bool(absent(self.api, PHASES[phase]))

    def render_addon(self, name: str) -> None:
        """Have kubeadm print an addon, ahead of the API server."""
        target = addon_file(self.layout, name)
        if target.exists():
            return
        argv = ["kubeadm", "init", "phase", "addon", name, "--print-manifest", f"--config={kubeadm.CONFIGURATION}"]
        target.parent.mkdir(exist_ok=True)
        draft = target.with_suffix(".new")
        draft.write_text(self.spaces.run(self.layout.control.name, argv).stdout)
        os.replace(draft, target)  # noqa: PTH105

    def create_addon(self, name: str) -> None:
        """Create what of an addon is absent; what is there, and was perhaps changed by others, stays."""
        printed = addon_file(self.layout, name).read_text()
        create_absent(self.api, [_quicken(document) for document in documents(printed)])

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
                if attempt > 1:
                    self.progress.note(node.name, State.DONE, "joined")
                return
            except ThinkubeError as error:
                if attempt == JOIN_ATTEMPTS:
                    raise NotReady(f"{node.name} joined", seen=f"{attempt} attempts failed", cause=str(error)) from error
                self.progress.note(node.name, State.WAITING, f"joining again in {JOIN_PAUSE_S:.0f} s: {error.cause or error.seen}")
                self.patience.pause(JOIN_PAUSE_S)

    def start_kubelet(self, node: EmbeddedNode) -> None:
        """The kubelet; whether it works is seen in the node's status."""
        serving.sign(self.pki, node, self.layout.certificates)
        if self.spaces.process(node.name, "kubelet") is None:
            if expiry.kubelet_is_due(self.layout, node):
                self._give_credentials(node)
            self.started[node.name] = time.monotonic()
            self.spaces.spawn(node.name, "kubelet", kubeadm.kubelet_command(node))

    def register(self, node: EmbeddedNode) -> None:
        """Start a kubelet anew whose Node object is gone, or that says nothing any more: it introduces its node only when it starts."""
        if node.name in self.started:
            return
        seen = self.api.find("Node", node.name)
        if seen is not None and condition(seen, "Ready").get("status") != "Unknown":
            return
        words = "its Node object is absent" if seen is None else "it says nothing any more"
        self.progress.note(node.name, State.CHANGED, f"{words}: starting its kubelet anew")
        self.spaces.end(node.name, "kubelet")
        self.start_kubelet(node)

    def require_kubelets(self) -> None:
        """See that no kubelet of this start has ended.

        Raises:
            NotReady: one has, with its last words.
        """
        for name, began in list(self.started.items()):
            if time.monotonic() - began > BORN_S and self.spaces.process(name, "kubelet") is None:
                raise NotReady(
                    f"the kubelet of {name} running",
                    seen="it ended",
                    cause=last_words(self.layout, name),
                    next_command=f"tail -50 {kubelet_log(self.layout, name)}",
                )

    def _renew(self) -> None:
        """Certificates of which less than a third of their life is left: the API server and etcd read theirs again by themselves."""
        if not (due := expiry.due(self.layout)):
            return
        self.progress.note("certificates", State.CHANGED, f"renewing {', '.join(one.name for one in due)}")
        self.spaces.run(self.layout.control.name, kubeadm.renewal())
        for node in self.layout.nodes:
            if expiry.serving(node) in due:
                serving.sign(self.pki, node, self.layout.certificates, anew=True)

    def _give_credentials(self, node: EmbeddedNode) -> None:
        """Credentials with which a kubelet that slept too long asks for its own again; running, it renews them itself."""
        self.progress.note(node.name, State.CHANGED, "new credentials for its kubelet")
        made = self.spaces.run(self.layout.control.name, kubeadm.kubelet_credentials(self.layout, node)).stdout
        (node.root / expiry.KUBELET_CURRENT).unlink(missing_ok=True)
        _write_private(node.root / "etc/kubernetes/kubelet.conf", made)

    def _follow_credentials(self, manifest: Path, credentials: Path) -> None:
        """A static pod that reads its credentials only at its start is started again for others: its manifest names their digest."""
        digest = hashlib.sha256(credentials.read_bytes()).hexdigest()[:16]
        document = yaml.load(manifest.read_text(), yaml.CSafeLoader)
        annotations = document["metadata"].setdefault("annotations", {})
        if annotations.get(CREDENTIALS) != digest:
            annotations[CREDENTIALS] = digest
            self._replace_manifest(manifest, document)

    def _replace_manifest(self, manifest: Path, document: dict[str, Any]) -> None:
        draft = self.layout.folder / manifest.name  # not beside it: a kubelet reads whatever is there
        _write_private(draft, kubeadm.text(document))
        os.replace(draft, manifest)  # noqa: PTH105

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
            files.put(node.root / "etc/kubernetes/patches" / name, kubeadm.text(patch))

    def _follow_domain(self, manifest: Path) -> None:
        """A later inventory may name another domain; the API server has to find the tokens' issuer there."""
        document = yaml.load(manifest.read_text(), yaml.CSafeLoader)
        wanted = kubeadm.patches(self.layout, self.layout.control)["kube-apiserver+strategic.yaml"]["spec"]["hostAliases"]
        if document["spec"].get("hostAliases") != wanted:
            document["spec"]["hostAliases"] = wanted
            self._replace_manifest(manifest, document)


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
