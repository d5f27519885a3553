"""Hosts as machines: their files, programs, routes and container runtime; nothing here knows of Kubernetes' API."""

from __future__ import annotations

import hashlib
import json
import shlex
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from converge.errors import NotReady
from converge.nodes.hosts import account, host_files, loading
from converge.nodes.hosts.facts import RECORD
from converge.nodes.hosts.host_files import RESOLV_BEFORE, UNITS, File
from converge.nodes.hosts.machine import HostMachine
from converge.nodes.hosts.plan import HostsPlan, Traits
from converge.nodes.kubeadm.plan import Member
from converge.nodes.kubeadm.programs import gather
from converge.nodes.kubeadm.ready import Patience
from converge.nodes.kubeadm.serving import CERTIFICATE, KEY
from converge.nodes.kubeadm.start import SYSTEM_IMAGES
from converge.process import run
from converge.progress import Progress, State

if TYPE_CHECKING:
    from converge.images.store import Images

PROGRAMS = "/opt/thinkube/bin"
STAMP = "/opt/thinkube/programs"
HOSTS, RESOLV = "/etc/hosts", "/etc/resolv.conf"
UPSTREAM = "/etc/kubernetes/upstream-resolv.conf"
"""Where the cluster's DNS finds whom to ask for other names."""
SENDING_S = 900.0


@dataclass
class Setup:
    """What makes machines of a cluster's hosts; ``known`` says that it has run before."""

    plan: HostsPlan
    machines: Mapping[str, HostMachine]
    images: Images
    patience: Patience
    progress: Progress
    known: bool
    changed: dict[str, set[str]] = field(default_factory=dict)
    """Host → the files of it that this start has written."""
    _archiving: threading.Lock = field(default_factory=threading.Lock)

    def find_programs(self) -> None:
        """Build or find the node programs, and keep the cluster's own."""
        if not self.plan.programs.exists():
            self.plan.folder.mkdir(parents=True, exist_ok=True)
            gather(self.images.programs(), self.plan.programs)

    def find_image(self, name: str) -> None:
        """Build or find an image."""
        self.images.archive(name)

    def lay_out(self, node: Member) -> None:
        """Write what of a host's files is not as it should be."""
        machine = self.machines[node.name]
        self.changed[node.name] = set(stale := differing(self.plan, machine, node))
        if RESOLV_BEFORE in stale:  # a link stays one: whoever owns it finds it again when the host leaves
            machine.script(f"mkdir -p /etc/thinkube && cp -a {RESOLV} {RESOLV_BEFORE}.link && rm -f {RESOLV}")
        if RECORD in stale and _address(machine) not in ("", node.address):
            machine.remove(CERTIFICATE, KEY)  # what its kubelet serves with names the former address
        machine.write_all(stale)
        if "/etc/systemd/resolved.conf.d/thinkube.conf" in stale:
            machine.script("systemctl restart systemd-resolved")
        for name in sorted(stale):
            self.progress.note(node.name, State.CHANGED, name)

    def install_programs(self, node: Member) -> None:
        """Send the node programs to a host that lacks them."""
        machine = self.machines[node.name]
        digest = _digest(self.plan.programs)
        if machine.read(STAMP).get(STAMP) == digest:
            return
        archive = self._archive(digest)
        self.progress.note(node.name, State.WAITING, f"sending the node programs, {archive.stat().st_size >> 20} MiB")
        machine.script(
            f"rm -rf {PROGRAMS}.new && mkdir -p {PROGRAMS}.new && tar -x -C {PROGRAMS}.new --no-same-owner && rm -rf {PROGRAMS}.old\n"
            f"[ $? = 0 ] || exit 1; [ ! -d {PROGRAMS} ] || mv {PROGRAMS} {PROGRAMS}.old\n"
            f"mv {PROGRAMS}.new {PROGRAMS} && rm -rf {PROGRAMS}.old && printf %s {shlex.quote(digest)} >{STAMP}",
            feed=archive,
            timeout_s=SENDING_S,
        )

    def start_network(self, node: Member) -> None:
        """Routes to the pods of all others, kept for as long as the host runs."""
        self._start(node, "network", {host_files.NETWORK})

    def start_containerd(self, node: Member) -> None:
        """The container runtime, until it answers."""
        machine = self.machines[node.name]
        self._start(node, "containerd", {"/etc/containerd/config.toml"})
        until = time.monotonic() + 60
        while machine.connection.script("ctr version >/dev/null 2>&1").code != 0:
            if time.monotonic() > until:
                said = machine.said("containerd")
                raise NotReady(f"containerd on {node.name}", seen="no answer for 60 s", cause=said.words, next_command=said.command)
            self.patience.pause(0.1)

    def stop_stale_kubelet(self, node: Member) -> None:
        """A kubelet that runs as it would not be started now, as with another address, is started anew by what follows."""
        machine = self.machines[node.name]
        running, wanted = machine.command("kubelet"), host_files.commands(node)["kubelet"]
        if running is not None and list(running[1:]) != wanted[1:]:
            machine.end("kubelet")

    def load_images(self, node: Member) -> None:
        """Import what the system runs where the host lacks it."""
        names = {name: [one for one in self.images.references(name) if one.startswith("registry.k8s.io/")] for name in SYSTEM_IMAGES}
        there = loading.present(self.machines[node.name])
        lacking = [name for name, references in names.items() if not there.issuperset(references)]
        loading.bring(self.machines[node.name], map(self.images.archive, lacking))

    def set_up_account(self) -> None:
        """kubectl, helm and short names for the account on the control node."""
        control = self.machines[self.plan.control.name]
        helm = self.images.tool("helm")
        if control.script(f"[ -x {account.TOOLS}/helm ] && stat -c %s {account.TOOLS}/helm; :").stdout.strip() != str(helm.stat().st_size):
            control.script(
                f"mkdir -p {account.TOOLS} && cat >{account.TOOLS}/helm.new && chmod 755 {account.TOOLS}/helm.new && "
                f"mv -f {account.TOOLS}/helm.new {account.TOOLS}/helm",
                feed=helm,
                timeout_s=SENDING_S,
            )
        files = account.differing(self.plan, control, self.plan.kubeconfig.read_text())
        if files:
            account.write(control, files)
            self.progress.note(self.plan.control.name, State.CHANGED, f"kubectl, helm and short names for {control.connection.host.user}")

    def _start(self, node: Member, program: str, files: set[str]) -> None:
        machine, argv = self.machines[node.name], host_files.commands(node)[program]
        is_stale = bool(self.changed.get(node.name, set()) & (files | {f"{UNITS}/{host_files.unit(program)}"}))
        if is_stale or machine.command(program) is None:
            machine.end(program)
            machine.start(program, argv)

    def _archive(self, digest: str) -> Path:
        """The programs in one file, made once for all hosts."""
        with self._archiving:
            archive = self.plan.folder / f"programs-{digest}.tar"
            if not archive.exists():
                for old in self.plan.folder.glob("programs-*.tar*"):
                    old.unlink()
                draft = archive.with_suffix(".tar.new")
                run(["tar", "-c", "-f", draft, "-C", self.plan.programs, "."])
                draft.rename(archive)
            return archive


def differing(plan: HostsPlan, machine: HostMachine, node: Member) -> dict[str, File]:
    """The files of a host that are not as they should be, as they should be."""
    wanted = host_files.contents(plan, node)
    found = machine.read(*wanted, HOSTS, RESOLV, RESOLV_BEFORE, UPSTREAM)
    wanted[HOSTS] = File(host_files.with_names(found.get(HOSTS, ""), host_files.names(plan)))
    if not plan.traits.get(node.name, Traits()).has_resolved:
        # Whoever writes resolv.conf anew, such as a DHCP client, says the present truth about the network around.
        ours = found.get(RESOLV, "").startswith("# thinkube")
        before = found.get(RESOLV_BEFORE, "") if ours else found.get(RESOLV, "")
        wanted[RESOLV_BEFORE] = File(before)
        wanted[RESOLV] = File(host_files.resolv_conf(plan, before))
        wanted[UPSTREAM] = File(host_files.upstream(before))
    return {path: file for path, file in wanted.items() if found.get(path) != file.text}


def _address(machine: HostMachine) -> str:
    """The address at which a host was a node so far, "" where it was none."""
    try:
        return str(json.loads(machine.read(RECORD)[RECORD]).get("address", ""))
    except (KeyError, ValueError):
        return ""


def _digest(programs: Path) -> str:
    """What the programs are, by their names, sizes and links."""
    files = ((one, one.stat()) for one in programs.iterdir())
    rows = (f"{one.name} {one.readlink() if one.is_symlink() else f'{seen.st_size} {seen.st_mtime_ns}'}" for one, seen in files)
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()[:16]
