"""What this machine must offer before a cluster is started; everything that is missing is said at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from converge import surroundings
from converge.errors import Missing
from converge.nodes.embedded import networks, record
from converge.nodes.embedded.cgroups import Cgroups
from converge.nodes.embedded.layout import Layout

DISK_GIB = 6
MEMORY_GIB = 3
MEMORY_WORKER_GIB = 1

# Watches that programs open: 7 by the API server, 7 by the controller manager; 7 by a kubelet, 2 by containerd, 1 by kube-proxy.
WATCHERS = 14
WATCHERS_NODE = 10
WATCHERS_SPARE = 8

TOOLS = {  # program → Debian package
    "bash": "bash",
    "env": "coreutils",
    "ip": "iproute2",
    "mount": "mount",
    "nsenter": "util-linux",
    "pivot_root": "util-linux",
    "setsid": "util-linux",
    "unshare": "util-linux",
}

# overlayfs refuses these as the place for its changes, or loses data on them.
NOT_FOR_OVERLAY = frozenset({"overlay", "aufs", "nfs", "nfs4", "vfat", "exfat", "fuse", "fuseblk", "9p", "ecryptfs", "cifs", "ramfs"})


def faults(layout: Layout, *, cgroups: Cgroups, is_new: bool) -> list[str]:
    """One sentence for each thing that would keep a cluster from starting."""
    if os.geteuid() != 0:
        return ["root is needed for namespaces, mounts and control groups: use sudo"]
    found = [*_tools(), *_overlay(layout.state), *_cgroups(cgroups)]
    found += _watchers(layout.workers)
    if is_new:
        found += [*_disk(layout.state), *_memory(layout.workers)]
    if not _missing_tools():
        found += networks.clashes(layout, record.others(layout.state, layout.name), networks.host_routes(layout.link))
    return found


def require(layout: Layout, *, cgroups: Cgroups, is_new: bool) -> None:
    """Raise everything that is missing as one error.

    Raises:
        Missing: with all the faults, one a line.
    """
    found = faults(layout, cgroups=cgroups, is_new=is_new)
    if found:
        raise Missing(f"a machine for cluster {layout.name}", seen="\n".join(found), next_command=_next(found))


def _next(found: Sequence[str]) -> str:
    if packages := sorted({TOOLS[name] for name in _missing_tools()}):
        return f"apt-get install {' '.join(packages)}"
    return "sudo thinkube cluster start" if "root" in found[0] else ""


def _missing_tools() -> list[str]:
    return [name for name in TOOLS if surroundings.which(name) is None]


def _tools() -> list[str]:
    return [f"program {name} is not installed (Debian package {TOOLS[name]})" for name in _missing_tools()]


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _disk(state: Path) -> list[str]:
    free = shutil.disk_usage(_existing(state)).free / 2**30
    return [] if free >= DISK_GIB else [f"{free:.1f} GiB free at {state}, {DISK_GIB} are needed (THINKUBE_STATE moves it)"]


def _memory(workers: int, meminfo: Path = Path("/proc/meminfo")) -> list[str]:
    fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    free = int(fields["MemAvailable"].split()[0]) / 2**20
    needed = MEMORY_GIB + MEMORY_WORKER_GIB * workers
    return [] if free >= needed else [f"{free:.1f} GiB of memory free, {needed} are needed for {workers + 1} node(s)"]


def _watchers(workers: int, proc: Path = Path("/proc"), limit: Path = Path("/proc/sys/fs/inotify/max_user_instances")) -> list[str]:
    """What is left of the machine's limit on inotify instances; without it programs end with "too many open files"."""
    used = sum(1 for link in proc.glob("[0-9]*/fd/*") if _target(link) == "anon_inode:inotify")
    most = int(limit.read_text())
    needed = WATCHERS + WATCHERS_NODE * (workers + 1) + WATCHERS_SPARE
    if used + needed <= most:
        return []
    return [
        f"{used} of {most} inotify instances are in use, {needed} more are needed: sysctl -w {limit_name(limit)}={max(1024, used + needed)}"
    ]


def limit_name(path: Path) -> str:
    """``fs.inotify.max_user_instances``, for a file below /proc/sys."""
    return ".".join(path.parts[-3:])


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115
    except OSError:
        return ""


def _overlay(state: Path, mounts: Path = Path("/proc/self/mounts"), filesystems: Path = Path("/proc/filesystems")) -> list[str]:
    found = []
    if "overlay" not in filesystems.read_text().split() and not _module_exists("overlay"):
        found.append("this kernel has no overlay file system (modprobe overlay)")
    kind = _filesystem(state.absolute(), mounts)
    if kind in NOT_FOR_OVERLAY or kind.startswith("fuse."):
        found.append(f"{state} is on {kind}, on which containers' layers cannot be kept (THINKUBE_STATE moves it)")
    return found


def _module_exists(name: str) -> bool:
    listed = Path("/lib/modules") / os.uname().release / "modules.dep"
    return listed.exists() and f"/{name}.ko" in listed.read_text()


def _filesystem(path: Path, mounts: Path) -> str:
    best, kind = "", ""
    for line in mounts.read_text().splitlines():
        _, where, what, *_ = line.split()
        where = where.replace("\\040", " ")
        if path.is_relative_to(where) and len(where) >= len(best):
            best, kind = where, what
    return kind


def _cgroups(cgroups: Cgroups) -> list[str]:
    if not cgroups.trees:
        return ["no control groups are mounted at /sys/fs/cgroup"]
    return [f"control group controller {name} is not available" for name in cgroups.missing()]
