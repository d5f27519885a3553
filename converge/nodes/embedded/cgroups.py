"""Control groups of a cluster, the only record of which processes are its own.

Every process of a cluster is in a group below ``/thinkube/NAME/NODE``: the node's own programs in ``init``, ``containerd`` and
``kubelet``, containers where the kubelet puts them. Linux has two layouts, and this is the one file that knows: version 1
(one tree per controller, also where a version 2 tree lies beside them: "hybrid") and version 2 (one tree).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from converge.errors import NotReady

MOUNT = Path("/sys/fs/cgroup")
NEEDED = ("cpu", "cpuset", "memory", "pids")  # the kubelet refuses to start without these
PROJECT = "thinkube"
KILLED_S = 60.0
"""How long none of the killed processes may end before we give up: at once on an idle machine, half a minute was seen on a busy one."""

_ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"'


@dataclass(frozen=True)
class Cgroups:
    """The trees in which groups are made: several in version 1, one in version 2."""

    trees: tuple[Path, ...]
    version: int
    beside: tuple[Path, ...] = ()
    """A version 2 tree beside version 1: without controllers, but container runtimes make their groups there as well."""

    @classmethod
    def detect(cls, mounts: Path = Path("/proc/self/mounts")) -> Cgroups:
        """The layout of this machine, from its table of mounts.

        >>> Cgroups.detect().version  # doctest: +SKIP
        2
        """
        first: list[Path] = []
        second: list[Path] = []
        for line in mounts.read_text().splitlines():
            _, where, kind, *_ = line.split()
            if kind == "cgroup":
                first.append(Path(where))
            elif kind == "cgroup2":
                second.append(Path(where))
        if first:
            return cls(tuple(dict.fromkeys(first)), 1, tuple(second[:1]))
        return cls(tuple(second[:1]), 2)

    def missing(self) -> list[str]:
        """Controllers that the kubelet needs and that are not usable here."""
        if self.version == 2:
            offered = set()
            for tree in self.trees:
                offered |= set((tree / "cgroup.controllers").read_text().split())
        else:
            offered = {name for tree in self.trees for name in tree.name.split(",")}
        return [name for name in NEEDED if name not in offered]

    def make(self, group: str) -> None:
        """Make a group and its parents, able to hold the kubelet's groups: ``make("thinkube/local/local-control")``."""
        for tree in self.trees:
            folder = tree
            for part in group.split("/"):
                if self.version == 2:
                    _delegate(folder)
                folder = folder / part
                folder.mkdir(exist_ok=True)
                if self.version == 1:
                    _inherit_cpuset(folder)
            if self.version == 2:
                _delegate(folder)

    def make_leaf(self, group: str) -> None:
        """Make a group for processes below one that exists; in version 2 only a group without controllers may hold them."""
        for tree in self.trees:
            folder = tree / group
            folder.mkdir(exist_ok=True)
            if self.version == 1:
                _inherit_cpuset(folder)

    def enter(self, group: str, argv: Sequence[str | Path]) -> list[str]:
        """The command that runs ``argv`` inside a group: it moves itself there first, so no child can be left outside."""
        files = [str(tree / group / "cgroup.procs") for tree in self.trees]
        return ["/bin/sh", "-c", _ENTER, "sh", *files, "--", *(str(word) for word in argv)]

    def processes(self, group: str) -> set[int]:
        """Every process in a group or below it."""
        found: set[int] = set()
        for tree in (*self.trees, *self.beside):
            for folder, _, _ in os.walk(tree / group):
                with contextlib.suppress(OSError):  # the group was removed meanwhile
                    found.update(int(line) for line in (Path(folder) / "cgroup.procs").read_text().split())
        return found

    def exists(self, group: str) -> bool:
        """Whether any tree has that group."""
        return any((tree / group).is_dir() for tree in (*self.trees, *self.beside))

    def end(self, group: str, *, grace_s: float = 0, only: Callable[[int], bool] = lambda _: True) -> None:
        """End every process of a group: ask first and wait up to ``grace_s``, then kill until none is left.

        A busy machine takes its time to end what was killed, so the wait goes on as long as some of them end.
        """
        if grace_s and (asked := {pid for pid in self.processes(group) if only(pid)}):
            _signal(asked, signal.SIGTERM)
            until = time.monotonic() + grace_s
            while asked & self.processes(group) and time.monotonic() < until:
                time.sleep(0.05)  # there is no event for "the last process of several groups ended" in version 1
        before: set[int] = set()
        until = time.monotonic() + KILLED_S
        while left := {pid for pid in self.processes(group) if only(pid)}:
            _signal(left, signal.SIGKILL)
            if left != before:
                before, until = left, time.monotonic() + KILLED_S
            if time.monotonic() > until:
                raise NotReady(
                    f"the end of every process of {group}",
                    seen="killed, and still there: " + ", ".join(_describe(pid) for pid in sorted(left)),
                    cause=f"for {KILLED_S:.0f} s none of them ended: the machine is too busy, or its kernel waits for a device (state D)",
                    next_command=f"ps -o pid,stat,wchan:32,args -p {','.join(map(str, sorted(left)))}, then the same command again",
                )
            time.sleep(0.02)

    def remove(self, group: str) -> None:
        """Remove a group and everything below it; its processes have ended."""
        for tree in (*self.trees, *self.beside):
            for folder, _, _ in os.walk(tree / group, topdown=False):
                _remove(Path(folder))
            parent = (tree / group).parent
            while parent != tree:
                with contextlib.suppress(OSError):  # other clusters live there
                    parent.rmdir()
                parent = parent.parent


def _delegate(folder: Path) -> None:
    offered = (folder / "cgroup.controllers").read_text().split()
    enabled = (folder / "cgroup.subtree_control").read_text().split()
    for controller in offered:
        if controller not in enabled:
            # One at a time: a controller that cannot be delegated must not take the others with it.
            with contextlib.suppress(OSError):
                (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def _inherit_cpuset(folder: Path) -> None:
    """A new cpuset of version 1 has no processors: nothing may enter it until it gets some."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        own = folder / name
        if own.exists() and not own.read_text().strip():
            own.write_text((folder.parent / name).read_text())


def _describe(pid: int) -> str:
    """A process as a person looks for it: ``4711 (etcd, state D)``."""
    with contextlib.suppress(OSError):
        name, _, rest = (Path("/proc") / str(pid) / "stat").read_text().partition("(")[2].rpartition(")")
        return f"{pid} ({name}, state {rest.split()[0]})"
    return str(pid)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _remove(folder: Path) -> None:
    until = time.monotonic() + 5
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > until:  # "busy" passes as soon as the kernel has buried the last process
                raise
            time.sleep(0.02)
        else:
            return
