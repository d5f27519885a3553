"""Nodes as members of a cluster: what kubeadm makes of them."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from converge.errors import NotReady, ThinkubeError
from converge.kubernetes.client import Api
from converge.kubernetes.ready import condition
from converge.nodes.kubeadm import configuration, expiry, serving
from converge.nodes.kubeadm.inspection import absent
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.phases import PHASES, addon_file, documents, is_marked
from converge.nodes.kubeadm.plan import Member, Plan
from converge.nodes.kubeadm.ready import Patience, create_absent
from converge.progress import Progress, State

JOIN_ATTEMPTS = 3
JOIN_PAUSE_S = 10.0
BORN_S = 3.0
"""How long a program may take from its start until it is seen under its own name."""
READS_ONCE = ("controller-manager", "scheduler")
CREDENTIALS = "thinkube.dev/credentials"
MARK = "mark-control-plane"
ETC = "/etc/kubernetes"
API_SERVER = f"{ETC}/manifests/kube-apiserver.yaml"
LEFT = (f"{ETC}/bootstrap-kubelet.conf", f"{ETC}/pki/ca.crt")
"""What an attempt to join that was broken off leaves."""


_OF_THE_CLUSTER = (configuration.cluster, configuration.kubelet, configuration.proxy)


@dataclass
class Membership:
    """The control plane of one cluster, and how nodes come to belong to it."""

    plan: Plan
    machines: Mapping[str, Machine]
    patience: Patience
    progress: Progress
    started: dict[str, float] = field(default_factory=dict)
    """The nodes whose kubelets this start has started, and when."""

    @property
    def control(self) -> Machine:
        """The control node."""
        return self.machines[self.plan.control.name]

    @property
    def nodes(self) -> list[Member]:
        """The nodes that this start works on: those that can be reached."""
        return [node for node in self.plan.nodes if node.name in self.machines]

    @cached_property
    def api(self) -> Api:
        """The API server as its superuser, whose rights need no object in the cluster."""
        return Api.from_kubeconfig(self.plan.superuser)

    @cached_property
    def token(self) -> str:
        """A join token of this start; it dies after 300 s."""
        return f"{secrets.token_hex(3)}.{secrets.token_hex(8)}"

    @property
    def is_made(self) -> bool:
        """Whether the control plane has its files."""
        return bool(self.control.read(API_SERVER))

    def is_joined(self, node: Member) -> bool:
        """Whether a node has credentials of its own."""
        return bool(self.machines[node.name].read(expiry.KUBELET))

    def make_control_plane_files(self) -> None:
        """Certificates, credentials, static pods: kubeadm's, with our patches."""
        if not self.is_made:
            self._write_patches(self.plan.control)
            self.control.write(configuration.AUDIT_POLICY, configuration.text(configuration.POLICY))
            self.control.write(f"{configuration.AUTHENTICATION}/config.yaml", configuration.text(configuration.EMPTY_AUTHENTICATION))
            self._configure()
            for argv in configuration.control_plane_files():
                self.control.run(argv)
        else:
            self._configure()
            self._renew()
        self._follow()
        serving.sign(self.control, self.control, self.plan.control, self.plan.certificates)
        credentials = self.plan.credentials
        found = self.control.read(*credentials.values())
        for path, source in credentials.items():
            write_private(path, found[source])

    def run_phase(self, phase: str) -> None:
        """A phase of kubeadm against the running API server, where something of what it leaves is not there."""
        is_joining = phase == "bootstrap-token" and not all(self.is_joined(node) for node in self.nodes)
        if is_joining or self._lacks(phase):
            self.control.run(["kubeadm", "init", "phase", *phase.split(), f"--config={configuration.CONFIGURATION}"])

    def _offer_token(self) -> None:
        """Let the token of this start live for another 300 s."""
        self.control.run(["kubeadm", "init", "phase", "bootstrap-token", f"--config={configuration.CONFIGURATION}"])

    def _lacks(self, phase: str) -> bool:
        if phase == MARK:
            control = self.api.find("Node", self.plan.control.name)
            return control is None or not is_marked(self.plan, control)
        return bool(absent(self.api, PHASES[phase]))

    def render_addon(self, name: str) -> None:
        """Have kubeadm print an addon, ahead of the API server."""
        target = addon_file(self.plan, name)
        if target.exists():
            return
        argv = ["kubeadm", "init", "phase", "addon", name, "--print-manifest", f"--config={configuration.CONFIGURATION}"]
        target.parent.mkdir(exist_ok=True)
        draft = target.with_suffix(".new")
        draft.write_text(self.control.run(argv).stdout)
        os.replace(draft, target)  # noqa: PTH105

    def create_addon(self, name: str) -> None:
        """Create what of an addon is absent; what is there, and was perhaps changed by others, stays."""
        printed = addon_file(self.plan, name).read_text()
        create_absent(self.api, [_quicken(document) for document in documents(printed)])

    def join(self, node: Member) -> None:
        """Make a worker of a node that is none yet: a short-lived token, three attempts, ten seconds apart."""
        if self.is_joined(node):
            return
        machine = self.machines[node.name]
        self._write_patches(node)
        machine.write(configuration.CONFIGURATION, configuration.text(configuration.joining(node, self.token)), mode=0o600)
        ca = self.control.read(serving.CA[0])[serving.CA[0]]
        discovery = configuration.discovery(self.plan, ca, self.token)
        machine.write(configuration.DISCOVERY, configuration.text(discovery), mode=0o600)
        for attempt in range(1, JOIN_ATTEMPTS + 1):
            machine.remove(*LEFT)
            try:
                self.api.delete("Node", node.name)  # of a worker whose credentials were lost
                for phase in ("preflight", "kubelet-start"):
                    machine.run(["kubeadm", "join", "phase", phase, f"--config={configuration.CONFIGURATION}"])
                if attempt > 1:
                    self.progress.note(node.name, State.DONE, "joined")
                return
            except ThinkubeError as error:
                if attempt == JOIN_ATTEMPTS:
                    raise NotReady(f"{node.name} joined", seen=f"{attempt} attempts failed", cause=str(error)) from error
                said = (error.cause or error.seen).splitlines()[-1]
                self.progress.note(node.name, State.WAITING, f"joining again in {JOIN_PAUSE_S:.0f} s: {said}")
                self.patience.pause(JOIN_PAUSE_S)
                self._offer_token()  # it may have expired meanwhile

    def start_kubelet(self, node: Member) -> None:
        """The kubelet; whether it works is seen in the node's status."""
        machine = self.machines[node.name]
        serving.sign(self.control, machine, node, self.plan.certificates)
        if machine.command("kubelet") is None:
            if expiry.kubelet_is_due(self.plan, self.machines, node):
                self._give_credentials(node)
            self.started[node.name] = time.monotonic()
            machine.start("kubelet", configuration.kubelet_command(node))

    def register(self, node: Member) -> None:
        """Start a kubelet anew whose Node object is gone, or that says nothing any more: it introduces its node only when it starts."""
        if node.name in self.started:
            return
        seen = self.api.find("Node", node.name)
        if seen is not None and condition(seen, "Ready").get("status") != "Unknown":
            return
        words = "its Node object is absent" if seen is None else "it says nothing any more"
        self.progress.note(node.name, State.CHANGED, f"{words}: starting its kubelet anew")
        self.machines[node.name].end("kubelet")
        self.start_kubelet(node)

    def require_kubelets(self) -> None:
        """See that no kubelet of this start has ended.

        Raises:
            NotReady: one has, with its last words.
        """
        for name, began in list(self.started.items()):
            if time.monotonic() - began > BORN_S and self.machines[name].command("kubelet") is None:
                said = self.machines[name].said("kubelet")
                raise NotReady(f"the kubelet of {name} running", seen="it ended", cause=said.words, next_command=said.command)

    def _renew(self) -> None:
        """Certificates of which less than a third of their life is left: the API server and etcd read theirs again by themselves."""
        if not (due := expiry.due(self.plan, self.machines)):
            return
        self.progress.note("certificates", State.CHANGED, f"renewing {', '.join(one.name for one in due)}")
        self.control.run(configuration.renewal())
        for node in self.nodes:
            if any(one.name == f"serving of {node.name}" for one in due):
                serving.sign(self.control, self.machines[node.name], node, self.plan.certificates, anew=True)

    def _give_credentials(self, node: Member) -> None:
        """Credentials with which a kubelet that slept too long asks for its own again; running, it renews them itself."""
        self.progress.note(node.name, State.CHANGED, "new credentials for its kubelet")
        made = self.control.run(configuration.kubelet_credentials(self.plan, node)).stdout
        self.machines[node.name].remove(expiry.KUBELET_CURRENT)
        self.machines[node.name].write(expiry.KUBELET, made, mode=0o600)

    def _configure(self) -> None:
        plan = self.plan
        documents = [configuration.initialisation(plan, self.token), *(make(plan) for make in _OF_THE_CLUSTER)]
        self.control.write(configuration.CONFIGURATION, configuration.text(*documents), mode=0o600)

    def _write_patches(self, node: Member) -> None:
        for name, patch in configuration.patches(self.plan, node).items():
            self.machines[node.name].write(f"{ETC}/patches/{name}", configuration.text(patch))

    def _follow(self) -> None:
        """Let the static pods follow what changed since kubeadm wrote their manifests.

        A later inventory may name another domain, in which the API server has to find the tokens' issuer. And what reads its credentials
        only at its start is started again for others: its manifest names their digest.
        """
        manifests = {name: f"{ETC}/manifests/kube-{name}.yaml" for name in READS_ONCE}
        credentials = {name: f"{ETC}/{name}.conf" for name in READS_ONCE}
        found = self.control.read(API_SERVER, *manifests.values(), *credentials.values())
        patch = configuration.patches(self.plan, self.plan.control)["kube-apiserver+strategic.yaml"]
        self._replace(API_SERVER, found[API_SERVER], "spec", "hostAliases", patch["spec"]["hostAliases"])
        for name in READS_ONCE:
            digest = hashlib.sha256(found[credentials[name]].encode()).hexdigest()[:16]
            annotations = yaml.load(found[manifests[name]], yaml.CSafeLoader)["metadata"].get("annotations") or {}
            self._replace(manifests[name], found[manifests[name]], "metadata", "annotations", annotations | {CREDENTIALS: digest})

    def _replace(self, path: str, text: str, section: str, key: str, wanted: Any) -> None:
        document = yaml.load(text, yaml.CSafeLoader)
        if document[section].get(key) != wanted:
            document[section][key] = wanted
            self.control.write(path, configuration.text(document), mode=0o600)


def _quicken(document: dict[str, Any]) -> dict[str, Any]:
    """CoreDNS is asked every second whether it is ready, instead of every ten."""
    if document["kind"] == "Deployment":
        for container in document["spec"]["template"]["spec"]["containers"]:
            container["readinessProbe"]["periodSeconds"] = 1
    return document


def write_private(path: Path, text: str) -> None:
    """A file of this machine that only its owner reads, whole or not at all; what says the same already stays."""
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(draft, path)  # noqa: PTH105
