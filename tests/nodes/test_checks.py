from pathlib import Path

import pytest

from converge.errors import Missing
from converge.inventory.model import EmbeddedNodes, Inventory
from converge.nodes.embedded import checks
from converge.nodes.embedded.cgroups import Cgroups
from converge.nodes.embedded.layout import Layout


@pytest.fixture
def plan(tmp_path):
    return Layout.of(Inventory(nodes=EmbeddedNodes()), tmp_path)


def test_who_is_not_root_is_told_so(plan, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Missing) as raised:
        checks.require(plan, cgroups=Cgroups((), 2), is_new=True)
    assert "root is needed" in raised.value.seen
    assert raised.value.exit_code == 4


def test_everything_that_is_missing_is_said_at_once(plan, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(checks, "_missing_tools", lambda: ["nsenter", "ip"])
    monkeypatch.setattr(checks, "_disk", lambda _: ["0.1 GiB free"])
    monkeypatch.setattr(checks, "_watchers", lambda _: [])
    with pytest.raises(Missing) as raised:
        checks.require(plan, cgroups=Cgroups((), 2), is_new=True)
    lines = raised.value.seen.splitlines()
    assert {"0.1 GiB free", "no control groups are mounted at /sys/fs/cgroup"} <= set(lines)
    assert sum("is not installed (Debian package" in line for line in lines) == 2
    assert raised.value.next_command == "apt-get install iproute2 util-linux"


def test_a_file_system_that_cannot_hold_layers_is_refused(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/vda / ext4 rw 0 0\nserver:/x /mnt/share\\040one nfs4 rw 0 0\n")
    systems = tmp_path / "filesystems"
    systems.write_text("nodev\toverlay\n")
    assert checks._overlay(Path("/var/lib/thinkube"), mounts, systems) == []
    (fault,) = checks._overlay(Path("/mnt/share one/state"), mounts, systems)
    assert "is on nfs4" in fault
    assert "THINKUBE_STATE" in fault


def test_a_kernel_without_overlay_is_named(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/vda / ext4 rw 0 0\n")
    systems = tmp_path / "filesystems"
    systems.write_text("\text4\n")
    (fault,) = checks._overlay(Path("/x"), mounts, systems)
    assert "no overlay file system" in fault


@pytest.mark.parametrize(("free_kib", "faults"), [(8 * 2**20, 0), (1 * 2**20, 1)])
def test_memory_is_measured(tmp_path, free_kib, faults):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal: 9 kB\nMemAvailable:   {free_kib} kB\n")
    assert len(checks._memory(1, meminfo)) == faults


@pytest.mark.parametrize(("used", "faults"), [(3, 0), (100, 1)])
def test_the_limit_on_watches_is_counted_for_every_node(tmp_path, used, faults):
    folder = tmp_path / "1" / "fd"
    folder.mkdir(parents=True)
    for number in range(used):
        (folder / str(number)).symlink_to("anon_inode:inotify")
    limit = tmp_path / "fs/inotify/max_user_instances"
    limit.parent.mkdir(parents=True)
    limit.write_text("128\n")
    found = checks._watchers(1, tmp_path, limit)
    assert len(found) == faults
    assert not found or "sysctl -w fs.inotify.max_user_instances=1024" in found[0]
