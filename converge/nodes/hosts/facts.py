"""What there is on a host: one look by one script, before anything is touched."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from converge.nodes.hosts.plan import Traits

if TYPE_CHECKING:
    from converge.nodes.hosts.connection import Connection

RECORD = "/etc/thinkube/host.json"
ENGINES = ("containerd", "crio", "dockerd", "k3s", "k0s", "kubelet", "kubelite", "rke2")

_LOOK = f"""
say() {{ echo "== $1"; shift; "$@" 2>/dev/null; echo; }}
say hostname cat /proc/sys/kernel/hostname
say machine cat /etc/machine-id
say init cat /proc/1/comm
say kernel uname -srm
say swap sh -c 'tail -n +2 /proc/swaps'
say cgroup stat -fc %T /sys/fs/cgroup
say controllers sh -c 'cat /sys/fs/cgroup/cgroup.controllers || cut -f1 /proc/cgroups'
say ports ss -Hltnp
say udp ss -Hlunp
say addresses ip -o -4 address show
say routes ip -4 route show
say disk df -Pk /var/lib /opt
say filesystem stat -fc %T /var/lib
say memory cat /proc/meminfo
say filesystems cat /proc/filesystems
say overlay sh -c 'grep -qw overlay /proc/filesystems || modprobe -n overlay && echo yes'
say nat sh -c 'iptables -w -t nat -S >/dev/null && echo yes'
say tools sh -c 'for one in iptables ip ss mount tar bash modprobe sysctl; do command -v $one >/dev/null || echo $one; done'
say seccomp sh -c 'ldconfig -p | grep -m1 libseccomp.so.2'
say input sh -c 'iptables -w -S INPUT'
say ufw ufw status
say firewalld firewall-cmd --state
say trusted firewall-cmd --zone=trusted --list-sources
say resolv cat /etc/resolv.conf
say resolved sh -c '[ "$(readlink -f /etc/resolv.conf)" = /run/systemd/resolve/stub-resolv.conf ] && echo yes'
say engines sh -c 'for one in {" ".join(ENGINES)}; do for pid in $(pgrep -x $one); do readlink /proc/$pid/exe || echo /$one; done; done'
say cni sh -c 'ls /etc/cni/net.d'
say record cat {RECORD}
say time date +%s.%N
"""

# Each other host is tried at once; bash can open a connection without any further program.
_REACH = """
try() { timeout 5 bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null && ! ip -4 route get "$2" | grep -q ' via ' && echo "$1 direct" && return
timeout 5 bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null && echo "$1 routed" || echo "$1 no"; }
"""


@dataclass(frozen=True)
class Facts:
    """What a look at a host has found; texts are as the host's own programs say them."""

    sections: Mapping[str, str]
    ahead_s: float
    """How much its clock is ahead of this machine's."""

    @property
    def traits(self) -> Traits:
        """What decides how it is set up."""
        return Traits(has_systemd=self.sections["init"] == "systemd", has_resolved=self.sections["resolved"] == "yes")

    @property
    def record(self) -> Mapping[str, Any]:
        """What a start of ours wrote down there; empty on a host that we never touched."""
        try:
            found: Mapping[str, Any] = json.loads(self.sections["record"])
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def listening(self) -> Mapping[int, str]:
        """TCP port → the program that listens there."""
        found: dict[int, str] = {}
        for line in self.sections["ports"].splitlines():
            words = line.split()
            program = re.search(r'\(\("([^"]+)"', line)
            found[int(words[3].rpartition(":")[2])] = program[1] if program else "a program"
        return found

    @property
    def addresses(self) -> Mapping[str, IPv4Address]:
        """Interface → its first IPv4 address."""
        rows = (line.split() for line in self.sections["addresses"].splitlines())
        return {words[1]: IPv4Address(words[3].partition("/")[0]) for words in reversed(list(rows))}

    @property
    def routes(self) -> Mapping[IPv4Network, str]:
        """Network → the interface that leads there."""
        found: dict[IPv4Network, str] = {}
        for line in self.sections["routes"].splitlines():
            words = line.split()
            if words and words[0][0].isdigit():
                found[IPv4Network(words[0])] = words[words.index("dev") + 1] if "dev" in words else "?"
        return found

    @property
    def memory_mib(self) -> int:
        """All of its memory."""
        match = re.search(r"^MemTotal:\s+(\d+)", self.sections["memory"], re.MULTILINE)
        return int(match[1]) >> 10 if match else 0

    @property
    def free_mib(self) -> int:
        """Room where containers and data go."""
        rows = [line.split() for line in self.sections["disk"].splitlines()[1:]]
        return min((int(words[3]) for words in rows), default=0) >> 10


def look(connection: Connection) -> Facts:
    """Look at a host.

    Raises:
        Unreachable, Refused: it cannot be reached, or not as root.
    """
    connection.open()
    began = time.time()
    done = connection.script(_LOOK)
    sections = parse(done.stdout)
    return Facts(sections, ahead(float(sections["time"]), began, time.time()))


def ahead(there: float, began: float, ended: float) -> float:
    """How much a clock is certainly ahead of ours that showed ``there`` at some moment between two of ours: slow answers prove nothing."""
    return there - ended if there > ended else min(0.0, there - began)


def parse(text: str) -> dict[str, str]:
    """``"== init\\nsystemd\\n\\n"`` is ``{"init": "systemd"}``."""
    found: dict[str, str] = {}
    for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        found[name] = rest.strip()
    return found


def reach(connection: Connection, others: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """How a host reaches the SSH servers of others (name, address, port): ``{"beta": "direct", "gamma": "no"}``."""
    lines = [f"try {shlex.join((name, address, str(port)))} &" for name, address, port in others]
    said = connection.script("\n".join((_REACH, *lines, "wait")), as_root=False).stdout
    return dict(line.split() for line in said.splitlines())
