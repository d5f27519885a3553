"""The namespaces of a cluster: each is held by one sleeping process, so that nothing of it is left when the processes end.

A cluster has one network namespace with a bridge in it and one with network, mounts and host name for each node. No namespace
gets a name in /run/netns and no mount is visible to this machine: a machine that restarts, or a ``kill -9`` of everything, cleans up.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from converge import surroundings
from converge.errors import NotReady
from converge.nodes.embedded.cgroups import Cgroups
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.process import Completed, ProgramFailed, launch, run

SCRIPT = Path(__file__).with_name("node.sh")
BRIDGE = "bridge"


@dataclass(frozen=True)
class Spaces:
    """Starts programs in the namespaces and control groups of a cluster, and finds them again."""

    layout: Layout
    cgroups: Cgroups

    @property
    def group(self) -> str:
        """The control group of the whole cluster: ``thinkube/local``."""
        return self.layout.group

    def group_of(self, owner: str) -> str:
        """The control group of a node, or of the bridge: ``thinkube/local/local-control``."""
        return f"{self.group}/{owner}"

    def holder(self, owner: str) -> int | None:
        """The process that holds a node's namespaces, or the bridge's."""
        return self.process(owner, "init")

    def process(self, owner: str, program: str) -> int | None:
        """The process of one of a node's own programs (``containerd``, ``kubelet``), None where it does not run."""
        for pid in sorted(self.cgroups.processes(f"{self.group_of(owner)}/{program}")):
            command = _command(pid)
            if command and (program == "init" or Path(command[0]).name == program):
                return pid
        return None

    def hold_bridge(self) -> None:
        """Start the process that holds the bridge's network namespace."""
        self._hold(BRIDGE, ["setsid", "--fork", "unshare", "--net", "bash", "-c", _BRIDGE.format(name=self.layout.name)])

    def hold_node(self, node: EmbeddedNode, programs: Path) -> None:
        """Start the process that holds a node's namespaces, its root file system in place."""
        script = ["bash", SCRIPT, node.root, node.name, programs]
        self._hold(node.name, ["setsid", "--fork", "unshare", "--net", "--mount", "--uts", "--propagation", "slave", *map(str, script)])

    def inside(self, owner: str, argv: Sequence[str | Path], *, group: str = "run", terminal: bool = False) -> list[str]:
        """The command that runs ``argv`` in a node's namespaces and control group; at a terminal it learns its kind."""
        holder = self.holder(owner)
        if holder is None:
            raise NotReady(f"node {owner} running", seen="it is stopped", next_command="thinkube cluster start")
        # No --wd: nsenter would open that folder before it enters, and leave the program in this machine's root instead of the node's.
        spaces = ["--net"] if owner == BRIDGE else ["--mount", "--net", "--uts"]
        environment = surroundings.NODE | ({"TERM": os.environ.get("TERM", "dumb"), "PS1": f"{owner}:\\w# "} if terminal else {})
        # Nothing of the caller's environment goes in: kubeadm would write its proxies into manifests.
        clean = ["/usr/bin/env", "-i", *(f"{key}={value}" for key, value in environment.items())]
        words = ["nsenter", "--target", str(holder), *spaces, "--", *clean, *(str(word) for word in argv)]
        where = f"{self.group_of(owner)}/{group}"
        self.cgroups.make_leaf(where)
        return self.cgroups.enter(where, words)

    def run(
        self, owner: str, argv: Sequence[str], *, timeout_s: float = 60, expect: Sequence[int] = (0,), stdin: str | None = None
    ) -> Completed:
        """Run a program in a node to its end; answers and errors speak of ``argv``, not of how it got there.

        Raises:
            ProgramFailed: its exit status is not in ``expect``, or it took too long.
        """
        try:
            completed = run(self.inside(owner, argv), timeout_s=timeout_s, expect=expect, stdin=stdin)
        except ProgramFailed as failed:
            raise ProgramFailed(replace(failed.completed, argv=tuple(argv)), seen=f"{failed.seen} on {owner}") from None
        return replace(completed, argv=tuple(argv))

    def spawn(self, owner: str, program: str, argv: Sequence[str | Path]) -> None:
        """Start a program of a node that outlives this process; what it prints goes to ``logs/NODE.PROGRAM.log``."""
        self._launch(self.inside(owner, ["setsid", "--fork", *argv], group=program), self.layout.logs / f"{owner}.{program}.log")

    def end(self, owner: str, program: str) -> None:
        """End one of a node's own programs; what it started in groups of their own, such as containers, goes on."""
        self.cgroups.end(f"{self.group_of(owner)}/{program}")

    def _hold(self, owner: str, argv: Sequence[str]) -> None:
        self.cgroups.make(self.group_of(owner))
        leaf = f"{self.group_of(owner)}/init"
        self.cgroups.make_leaf(leaf)
        log = self.layout.logs / f"{owner}.init.log"
        if self._launch(self.cgroups.enter(leaf, argv), log, listen=True) != "ready":
            raise NotReady(f"the namespaces of {owner}", seen=log.read_text()[-2000:].strip() or "it ended", next_command=f"less {log}")

    def _launch(self, argv: Sequence[str], log: Path, *, listen: bool = False) -> str:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            return launch(argv, sink, listen=listen)


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" and os.path.exists(f"/proc/{pid}")  # noqa: PTH110
    except OSError:
        return False


_BRIDGE = """
set -e
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
echo ready
exec >/dev/null
exec -a "thinkube/{name}-bridge" sleep infinity
"""
