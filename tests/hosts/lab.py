"""Test hosts: machines with SSH made of namespaces of this one, on a bridge of their own.

Each has its own files, processes, network and host name, a real OpenSSH server with its own host key, and systemd or a plain script as
its first process. `Lab("try", IPv4Network("10.88.95.0/24")).host("alpha").boot()`; nothing but the lab's folder is left by `remove`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path

import debian

from converge.inventory.model import HostsNodes, SshHost
from converge.nodes.embedded.cgroups import Cgroups
from converge.process import Completed, run

SCRIPT = Path(__file__).with_name("host.sh")
FLEETING = frozenset(
    f"/var/{name}"
    for name in (
        *("log", "tmp", "cache", "lib/etcd", "lib/containerd", "lib/systemd", "lib/private", "lib/sudo"),
        *("lib/kubelet/pods", "lib/kubelet/plugins", "lib/kubelet/plugins_registry", "lib/kubelet/device-plugins"),
    )
)
"""Folders whose programs write into them all the time."""
SPACES = ("--net", "--mount", "--uts", "--ipc", "--cgroup", "--pid")


@dataclass
class Lab:
    """Some hosts on one bridge; the first address is this machine's."""

    name: str
    network: IPv4Network
    folder: Path
    hosts: dict[str, TestHost] = field(default_factory=dict)

    @cached_property
    def cgroups(self) -> Cgroups:
        """All trees alike, also a version 2 tree that lies beside version 1: systemd would meet other hosts' groups in a shared one."""
        found = Cgroups.detect()
        return Cgroups((*found.trees, *found.beside), found.version)

    @property
    def bridge(self) -> str:
        return f"tkh-{self.name}"[:15]

    @property
    def gateway(self) -> str:
        return str(self.network[1])

    @property
    def key(self) -> Path:
        """The private key with which everybody on the hosts may log in."""
        return self.folder / "id_ed25519"

    @property
    def known_hosts(self) -> str:
        """The hosts' keys, as they stand in a file ~/.ssh/known_hosts."""
        return "".join(f"{host.address} {host.public_key}\n" for host in self.hosts.values())

    def host(self, name: str, *, kind: str = "systemd") -> TestHost:
        """A host by its name: new ones get the next address."""
        if name not in self.hosts:
            self._open()
            self.hosts[name] = TestHost(self, name, str(self.network[11 + len(self.hosts)]), kind)
        return self.hosts[name]

    def nodes(self, *names: str, **changed: dict[str, object]) -> HostsNodes:
        """The hosts as an inventory has them, the first as control node; ``changed`` says what of a host is otherwise."""
        hosts = []
        for name in names:
            host = self.hosts[name]
            entry = {"name": name, "address": host.address, "role": "worker" if hosts else "control", "user": "owner"}
            hosts.append(SshHost(**(entry | {"key_file": self.key, "host_key": host.public_key} | changed.get(name, {}))))
        return HostsNodes(kind="hosts", hosts=tuple(hosts), pod_subnet="10.239.0.0/16", service_subnet="10.95.0.0/16")

    def remove(self) -> None:
        """Switch everything off and remove it."""
        for host in self.hosts.values():
            host.off()
        run(["ip", "link", "delete", self.bridge], expect=(0, 1))
        self.cgroups.remove(f"thinkube-hosts/{self.name}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.key.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", self.key])
        if not Path(f"/sys/class/net/{self.bridge}").exists():
            run(["ip", "link", "add", self.bridge, "type", "bridge"])
            run(["ip", "address", "add", f"{self.gateway}/{self.network.prefixlen}", "dev", self.bridge])
            run(["ip", "link", "set", self.bridge, "up"])


@dataclass
class TestHost:
    """One machine; what it wrote is in ``folder`` and outlives a reboot."""

    __test__ = False  # pytest: no test class

    lab: Lab
    name: str
    address: str
    kind: str

    @property
    def folder(self) -> Path:
        return self.lab.folder / self.name

    @property
    def group(self) -> str:
        return f"thinkube-hosts/{self.lab.name}/{self.name}"

    @property
    def link(self) -> str:
        return f"tkh{self.lab.name}{self.name}"[:15]

    @property
    def public_key(self) -> str:
        """Its host key: ``ssh-ed25519 AAAA…``."""
        return " ".join((self.folder / "changes/etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2])

    @property
    def pid(self) -> int | None:
        """Its first process, as this machine numbers it."""
        for pid in self.lab.cgroups.processes(self.group):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                if status.partition("NSpid:\t")[2].split("\n")[0].split()[1:] == ["1"]:
                    return pid
        return None

    def boot(self) -> TestHost:
        """Switch it on and wait until its SSH server answers."""
        self.install()
        cgroups = self.lab.cgroups
        cgroups.make(self.group)
        where = f"{self.address}/{self.lab.network.prefixlen}"
        script = [SCRIPT, self.folder, debian.folder(), self.name, where, self.lab.gateway, self.kind]
        begin = 'until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done; exec bash "$@"'
        argv = cgroups.enter(self.group, ["setsid", "unshare", *SPACES, "--fork", "bash", "-c", begin, "host", *script])
        with (self.folder / "boot.log").open("wb") as log:
            subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True)
        _until(lambda: self.pid is not None, f"{self.name} to begin")
        run(["ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid)])
        run(["ip", "link", "set", self.link, "master", self.lab.bridge, "up"])
        _until(self.answers, f"the SSH server of {self.name}: {self.folder / 'boot.log'}, {self.folder / 'var/log/console'}")
        return self

    def install(self) -> None:
        """Give it its files, host key and the key of those who log in."""
        if (self.folder / "var").exists():
            return
        base, changes = debian.folder(), self.folder / "changes"
        (changes / "etc/ssh").mkdir(parents=True)
        run(["cp", "--archive", base / "var", self.folder / "var"])
        (changes / "etc/hostname").write_text(f"{self.name}\n")
        (changes / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")
        self.new_host_key()
        allowed = self.lab.key.with_suffix(".pub").read_text()
        for home in ("root", *(f"home/{name}" for name in debian.PEOPLE)):
            ssh = changes / home / ".ssh"
            ssh.mkdir(parents=True)
            (ssh / "authorized_keys").write_text(allowed)
            for place in (changes / home, ssh, ssh / "authorized_keys"):
                shutil.copystat(base / home, place) if place == changes / home else place.chmod(0o600 if place.is_file() else 0o700)
                owner = (base / home).stat()
                os.chown(place, owner.st_uid, owner.st_gid)
        if home := changes / "home":
            home.chmod(0o755)

    def new_host_key(self) -> None:
        """Another host key, as a machine that was installed anew has."""
        for path in (self.folder / "changes/etc/ssh").glob("ssh_host_*"):
            path.unlink()
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", self.folder / "changes/etc/ssh/ssh_host_ed25519_key"])

    def answers(self) -> bool:
        """Whether its SSH server says who it is."""
        import socket

        try:
            with socket.create_connection((self.address, 22), 1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def off(self) -> None:
        """Pull its plug."""
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.lab.cgroups.end(self.group)
        run(["ip", "link", "delete", self.link], expect=(0, 1))

    def reboot(self) -> TestHost:
        """Pull its plug and switch it on again."""
        self.off()
        return self.boot()

    def files(self) -> dict[str, str]:
        """Every file in which the host differs from its Debian, described; but for logs and what running programs keep."""
        found = {}
        for top in (self.folder / "changes", self.folder / "var"):
            for folder, names, files in os.walk(top):
                place = f"/{Path(folder).relative_to(top if top.name == 'changes' else self.folder)}".replace("/.", "/")
                names[:] = [name for name in names if f"{place.rstrip('/')}/{name}" not in FLEETING]
                for name in files:
                    inside = f"{place.rstrip('/')}/{name}"
                    if (what := _described(Path(folder, name))) != _described(debian.folder() / inside.lstrip("/")):
                        found[inside] = what
        return found

    def run(self, *argv: str, expect: Sequence[int] = (0,), stdin: str | None = None, timeout_s: float = 60) -> Completed:
        """Run a program on it as root, past SSH."""
        enter = ["nsenter", "--target", str(self.pid), "--net", "--mount", "--uts", "--ipc", "--cgroup", "--pid", "--"]
        return run(self.lab.cgroups.enter(self.group, [*enter, *argv]), expect=expect, stdin=stdin, timeout_s=timeout_s)


def _described(path: Path) -> str:
    """A file's owner, mode and content; "" where there is none."""
    if not os.path.lexists(path):
        return ""
    seen = path.lstat()
    content = hashlib.sha256(path.read_bytes()).hexdigest()[:16] if stat.S_ISREG(seen.st_mode) else "a device"
    return f"{seen.st_uid} {seen.st_mode:o} {path.readlink() if path.is_symlink() else content}"


def _until(condition, wanted: str, timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s:.0f} s for {wanted}")
        time.sleep(0.05)
