import os
import subprocess
from pathlib import Path

import pytest

from converge.errors import NotReady
from converge.nodes.embedded import cgroups
from converge.nodes.embedded.cgroups import KILLED_S, Cgroups, _delegate

HYBRID = """\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""
JOINED = "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw 0 0\n" + HYBRID.replace("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n", "")
UNIFIED = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n"


@pytest.fixture
def mounts(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "mounts"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def first(tmp_path):
    """Version 1 trees, as far as they can be had without a kernel."""
    trees = []
    for name in ("cpu", "cpuset", "memory", "pids"):
        tree = tmp_path / "v1" / name
        tree.mkdir(parents=True)
        trees.append(tree)
    (trees[1] / "cpuset.cpus").write_text("0-1\n")
    (trees[1] / "cpuset.mems").write_text("0\n")
    beside = tmp_path / "v1" / "unified"
    beside.mkdir()
    return Cgroups(tuple(trees), 1, (beside,))


@pytest.fixture
def second(tmp_path):
    tree = tmp_path / "v2"
    tree.mkdir()
    (tree / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tree / "cgroup.subtree_control").write_text("cpu\n")
    return Cgroups((tree,), 2)


def test_a_hybrid_machine_is_version_one_with_a_tree_beside(mounts):
    cgroups = Cgroups.detect(mounts(HYBRID))
    assert cgroups.version == 1
    assert Path("/sys/fs/cgroup/memory") in cgroups.trees
    assert cgroups.beside == (Path("/sys/fs/cgroup/unified"),)


def test_a_machine_with_one_tree_is_version_two(mounts):
    assert Cgroups.detect(mounts(UNIFIED)) == Cgroups((Path("/sys/fs/cgroup"),), 2)


@pytest.mark.parametrize("text", [HYBRID, JOINED])
def test_controllers_that_share_a_tree_are_seen(mounts, text):
    assert Cgroups.detect(mounts(text)).missing() == []


def test_a_missing_controller_is_named_in_both_layouts(mounts, second):
    assert Cgroups.detect(mounts(HYBRID.replace("pids", "blkio"))).missing() == ["pids"]
    (second.trees[0] / "cgroup.controllers").write_text("cpu memory pids\n")
    assert second.missing() == ["cpuset"]


def test_in_version_one_a_group_is_in_every_tree_and_its_cpuset_is_its_parents(first):
    first.make("thinkube/local/node")
    assert all((tree / "thinkube/local/node").is_dir() for tree in first.trees)


def test_an_empty_cpuset_gets_what_its_parent_has(first, monkeypatch):
    made = Path.mkdir

    def mkdir(path, *arguments, **named):
        made(path, *arguments, **named)
        if path.is_relative_to(first.trees[1]):  # as the kernel does
            for name in ("cpuset.cpus", "cpuset.mems"):
                (path / name).write_text("\n")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    first.make("thinkube/local/node")
    assert (first.trees[1] / "thinkube/local/node/cpuset.cpus").read_text() == "0-1\n"
    assert (first.trees[1] / "thinkube/local/node/cpuset.mems").read_text() == "0\n"


def test_in_version_two_controllers_are_enabled_one_by_one(second):
    asked = []

    tree = second.trees[0]
    write = Path.write_text
    try:
        Path.write_text = lambda path, text, *rest: (
            asked.append(text) if path.name == "cgroup.subtree_control" else write(path, text, *rest)
        )
        _delegate(tree)
    finally:
        Path.write_text = write
    assert asked == ["+cpuset", "+io", "+memory", "+pids"]


def test_processes_of_all_trees_and_groups_below_are_found(first):
    first.make("thinkube/local/node")
    for tree, below, pids in ((0, "", "11\n"), (2, "kubepods/pod1", "12\n13\n")):
        folder = first.trees[tree] / "thinkube/local/node" / below
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").write_text(pids)
    folder = first.beside[0] / "thinkube/local/node"
    folder.mkdir(parents=True)
    (folder / "cgroup.procs").write_text("14\n")
    assert first.processes("thinkube/local") == {11, 12, 13, 14}


def test_a_group_that_is_not_there_has_no_processes(first):
    assert first.processes("thinkube/none") == set()
    assert not first.exists("thinkube/none")


def test_removing_leaves_other_clusters_and_no_empty_parents(first):
    first.make("thinkube/one/node/kubepods")
    first.make("thinkube/two/node")
    first.remove("thinkube/one")
    assert all((tree / "thinkube/two/node").is_dir() and not (tree / "thinkube/one").exists() for tree in first.trees)
    first.remove("thinkube/two")
    assert not any((tree / "thinkube").exists() for tree in first.trees)


def test_entering_writes_the_shells_own_number_to_every_tree(first, tmp_path):
    first.make("thinkube/x")
    for tree in first.trees:
        (tree / "thinkube/x/cgroup.procs").touch()
    words = first.enter("thinkube/x", ["/bin/sh", "-c", f"echo $$ > {tmp_path}/seen"])
    assert subprocess.call(words) == 0
    seen = (tmp_path / "seen").read_text()
    assert [(tree / "thinkube/x/cgroup.procs").read_text() for tree in first.trees] == [seen] * len(first.trees)


def test_a_program_does_not_run_where_its_group_cannot_be_entered(first, tmp_path):
    words = first.enter("thinkube/none", ["touch", str(tmp_path / "ran")])
    assert subprocess.call(words) != 0
    assert not (tmp_path / "ran").exists()


class Slow:
    """A machine on which a killed process ends only after so many seconds; its clock is turned by sleeping."""

    def __init__(self, ends):
        self.now, self.ends = 0.0, ends

    def monotonic(self):
        return self.now

    def sleep(self, _):
        self.now += 1.0

    def processes(self, *_):
        return {pid for pid, end in self.ends.items() if end > self.now}


@pytest.fixture
def slow(first, monkeypatch):
    def make(ends):
        machine = Slow(ends)
        monkeypatch.setattr(cgroups, "time", machine)
        monkeypatch.setattr(Cgroups, "processes", machine.processes)
        monkeypatch.setattr(cgroups, "_signal", lambda *_: None)
        return machine

    return make


def test_ending_goes_on_as_long_as_some_of_the_killed_processes_end(first, slow):
    machine = slow({pid: pid * (KILLED_S - 5) for pid in (1, 2, 3)})
    first.end("thinkube/local")
    assert machine.processes() == set()


def test_a_killed_process_that_does_not_end_is_named_with_its_state_and_with_what_to_type(first, slow):
    slow({1: 5.0, os.getpid(): float("inf")})
    with pytest.raises(NotReady) as caught:
        first.end("thinkube/local")
    assert f"{os.getpid()} (" in caught.value.seen
    assert "state " in caught.value.seen
    assert f"-p {os.getpid()}, then the same command again" in caught.value.next_command
