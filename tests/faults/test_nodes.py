"""Programs of a node, and whole nodes, die; the disk that holds them is full."""

import os
import signal
import subprocess
import sys
import time

import pytest
from place import LONG_S, restarts, until

pytestmark = pytest.mark.fault


def test_the_worker_loses_its_container_runtime(place, seen):
    """containerd of the worker is killed with -9: `thinkube cluster start` brings it back and no container is started anew."""
    place.converge("ingress").require()
    before = restarts(place.api.list("Pod", "ingress"))
    place.kill("worker-1", "containerd")
    until(lambda: place.provider.find() is None, "the harness to notice")
    seconds = place.mend()
    place.wait_ready("ingress")
    assert restarts(place.api.list("Pod", "ingress")) == before
    place.assert_settled("ingress")
    seen(f"mended in {seconds:.1f} s, no container restarted")


def test_the_worker_loses_its_kubelet(place, seen):
    """The worker's kubelet is killed with -9: the next run says that the cluster is half running and mends it."""
    place.converge("ingress").require()
    place.kill("worker-1", "kubelet")
    done = place.converge("ingress").require()
    assert done.outcomes["control-node"].changes
    seen(f"one run of {done.seconds:.1f} s mended it")


def test_the_worker_dies_and_returns(place, seen):
    """Everything in the worker is killed with -9, as by a power cut: `thinkube cluster start` brings it back with its workloads."""
    place.converge("ingress").require()
    number = place.kill_node("worker-1")
    seconds = place.mend()
    ready = place.wait_ready("ingress")
    place.assert_settled("ingress")
    seen(f"{number} processes killed; back in {seconds:.1f} s, ingress served {ready:.1f} s later")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 7 GiB in memory that takes only what is written to it; state folders of tests live there."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=7g", "faults", folder], check=True)
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(
        "name: fault-disk\ncomponents:\n  storage:\n"
        "nodes:\n  kind: embedded\n  workers: 0\n  subnet: 10.88.253.0/24\n  pod_subnet: 10.104.0.0/16\n"
    )

    def thinkube(*words):
        argv = [sys.executable, "-m", "converge", "cluster", *words, "--inventory", str(inventory)]
        return subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "THINKUBE_STATE": str(folder)}
        )

    yield folder, thinkube
    thinkube("delete", "--yes").communicate(timeout=LONG_S)
    subprocess.run(["umount", folder], check=True)


def fills(folder):
    """Leave the disk next to no room beside what is on it by now; False where more came in between."""
    seen = os.statvfs(folder)
    used_mib = (seen.f_blocks - seen.f_bfree) * seen.f_frsize >> 20
    return subprocess.run(["mount", "-o", f"remount,size={used_mib + 24}m", folder], check=False, capture_output=True).returncode == 0


def test_no_room_for_a_cluster(small_disk, seen):
    """With too little room for the state folder no cluster is begun: the message names folder, free and needed room; nothing is left."""
    folder, thinkube = small_disk
    subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
    process = thinkube("start")
    output = process.communicate(timeout=LONG_S)[0]
    assert process.returncode == 4
    assert "GiB free at" in output
    assert str(folder) in output
    assert not list(folder.iterdir())
    seen(next(line for line in output.splitlines() if "GiB free" in line).strip().replace(str(folder), "STATE"))


def test_the_disk_fills_up_during_a_start(small_disk, seen):
    """When the disk fills up while a cluster starts, the message says "No space left"; with room again the same command works."""
    folder, thinkube = small_disk
    process = thinkube("start")
    until(lambda: (folder / "fault-disk").exists() or process.poll() is not None, "the start to begin")
    until(lambda: fills(folder), "the disk to be full")
    output = process.communicate(timeout=LONG_S)[0]
    assert process.returncode not in (0, -signal.SIGKILL)
    assert "No space left" in output or "GiB free" in output, output[-2000:]
    assert "Traceback" not in output, output[-3000:]
    subprocess.run(["mount", "-o", "remount,size=7g", folder], check=True)
    started = time.monotonic()
    again = thinkube("start")
    output = again.communicate(timeout=LONG_S)[0]
    assert again.returncode == 0, output[-3000:]
    seen(f"said so; with room again up in {time.monotonic() - started:.0f} s")
