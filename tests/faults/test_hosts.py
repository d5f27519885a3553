"""Hosts over SSH: what keeps a host from being a node is said before any is touched, and a cluster of hosts outlives what happens to them.

The hosts are Debians in namespaces of this machine (tests/hosts). Their clock is this machine's: the one that is wrong is a stand-in,
a program `date` in front of the real one.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml
from place import until

sys.path.insert(0, str(Path(__file__).parent.parent / "hosts"))

from lab import Lab

from converge.errors import Missing
from converge.images.store import Images
from converge.inventory.model import Inventory, SecretSource
from converge.kubernetes.client import Api
from converge.nodes.host import host as seen_by_testinfra
from converge.nodes.hosts import record
from converge.nodes.hosts.provider import HostsProvider
from converge.process import run
from converge.progress import SILENCE

pytestmark = pytest.mark.fault

NETWORK = IPv4Network(os.environ.get("THINKUBE_FAULTS_HOSTS") or "10.88.95.128/25")
ONE = {"one": "systemd", "two": "plain"}


CLOCK = """\
#!/bin/sh
# A stand-in for a wrong clock: the hosts of this lab share one.
[ "$1" = +%s.%N ] && exec echo $(($(/bin/date +%s) + 3600)).0
exec /bin/date "$@"
"""


class Told:
    """A progress that remembers."""

    def __init__(self):
        self.lines = []

    def note(self, subject, state, detail=""):
        self.lines.append(f"{subject}: {detail}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    made = Lab("f", NETWORK, tmp_path_factory.mktemp("lab"))
    for name, kind in ONE.items():
        made.host(name, kind=kind).boot()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Clusters of these tests are kept apart from those of the machine."""
    before = os.environ.get("THINKUBE_STATE")
    os.environ["THINKUBE_STATE"] = str(tmp_path_factory.mktemp("state"))
    yield Path(os.environ["THINKUBE_STATE"])
    if before is None:
        del os.environ["THINKUBE_STATE"]
    else:
        os.environ["THINKUBE_STATE"] = before


def provider(lab, *names, progress=SILENCE, **changed):
    inventory = Inventory(name="f", nodes=lab.nodes(*names, **changed))
    return HostsProvider(inventory, Images(inventory, progress), progress)


def wrong(lab, **changed):
    """What the preflight has against the hosts, by host."""
    with pytest.raises(Missing) as raised:
        provider(lab, "one", "two", **changed).check()
    assert not [name for name in lab.hosts if "/etc/thinkube/host.json" in lab.hosts[name].files()], "a host was touched"
    lines = [line.partition(": ") for line in raised.value.seen.splitlines()]
    return {name: [text for who, _, text in lines if who == name] for name in ONE}


# Before anything is touched


def test_sound_hosts_are_found_sound(lab, state, seen):
    """Two sound hosts have no fault, and the look leaves nothing on them."""
    before = {name: host.files() for name, host in lab.hosts.items()}
    began = time.monotonic()
    provider(lab, "one", "two").check()
    seen(f"both looked at in {time.monotonic() - began:.1f} s")
    assert {name: host.files() for name, host in lab.hosts.items()} == before


def test_a_host_is_unreachable(lab, state, seen):
    """An address at which nobody answers is named, the other host is looked at all the same."""
    found = wrong(lab, two={"address": str(NETWORK[99]), "host_key": None})
    assert found["one"] == []
    assert "No route to host" in found["two"][0]
    seen(found["two"][0])


def test_the_key_is_another_one(lab, state, seen, tmp_path):
    """A key that the host does not accept is named with its user."""
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"])
    found = wrong(lab, two={"key_file": tmp_path / "other"})
    assert "is not accepted for user owner" in found["two"][0]
    seen(found["two"][0].replace(str(tmp_path), "…"))


def test_the_host_key_has_changed(lab, state, seen):
    """A host that shows another key than the inventory has is refused, and told what to compare."""
    found = wrong(lab, two={"host_key": lab.hosts["one"].public_key})
    assert found["two"][0].startswith("it shows another host key than nodes.hosts[].host_key has")
    seen(found["two"][0])


def test_the_host_key_is_unknown(lab, state, seen):
    """A host of which no key is known is refused: there is no first time that is believed."""
    found = wrong(lab, two={"host_key": None})
    assert found["two"][0].startswith("its host key is not known here")
    seen(found["two"][0])


@pytest.mark.parametrize(
    ("user", "password", "said"),
    [
        ("guest", None, "a password is required"),
        ("guest", "a-test-hosts-password", "guest is not in the sudoers file"),
        ("typist", "another-password", "incorrect password attempt"),
    ],
    ids=["no-password", "no-right", "wrong-password"],
)
def test_there_is_no_sudo(lab, state, seen, monkeypatch, user, password, said):
    """A user without sudo, and a password that sudo does not take, are told apart; no process list of the host shows a password."""
    monkeypatch.setenv("F_SUDO", password or "-")
    found = wrong(lab, two={"user": user, "sudo_password": SecretSource(from_env="F_SUDO") if password else None})
    assert said in found["two"][0]
    seen(found["two"][0])


def test_sudo_asks_for_a_password_that_is_known(lab, state, monkeypatch):
    """A user whose sudo asks for a password becomes root by it."""
    monkeypatch.setenv("F_SUDO", "a-test-hosts-password")
    provider(lab, "one", "two", two={"user": "typist", "sudo_password": SecretSource(from_env="F_SUDO")}).check()


def test_a_clock_is_an_hour_ahead(lab, state, seen):
    """A host whose clock is an hour off is named: certificates would not be valid there."""
    two = lab.hosts["two"]
    two.run("sh", "-c", "cat >/usr/local/bin/date && chmod 755 /usr/local/bin/date", stdin=CLOCK)
    try:
        (said,) = wrong(lab)["two"]
    finally:
        two.run("rm", "/usr/local/bin/date")
    assert "s ahead of this machine's" in said
    seen(said)


def test_the_disk_is_full(lab, state, seen):
    """A host without room where containers go is named with what is needed."""
    two = lab.hosts["two"]
    two.run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", "/opt")
    try:
        (said,) = wrong(lab)["two"]
    finally:
        two.run("umount", "/opt")
    assert "GiB free at /var/lib, 4 are needed" in said
    seen(said)


def test_a_port_is_taken(lab, state, seen):
    """A port that the control plane needs and another program has is named with that program."""
    one = lab.hosts["one"]
    one.run("/usr/sbin/sshd", "-p", "6443", "-o", "PidFile=/run/other.pid")
    try:
        (said,) = wrong(lab)["one"]
    finally:
        one.run("sh", "-c", "kill $(cat /run/other.pid)")
    assert said == "port 6443, on which the API server listens, is taken by sshd"
    seen(said)


def test_an_address_is_another_hosts(lab, state, seen):
    """Two names for one machine are found by the machine, whatever the inventory calls it."""
    one = lab.hosts["one"]
    found = wrong(lab, two={"address": one.address, "host_key": one.public_key})
    assert any(text.startswith("it is the same machine as one") for text in found["two"])
    seen(found["two"][0])


def test_an_engine_is_there_already(lab, state, seen):
    """A host that runs somebody else's containerd is left to them."""
    two = lab.hosts["two"]
    two.run("sh", "-c", "cp /bin/sleep /usr/local/bin/containerd; setsid --fork /usr/local/bin/containerd 600 </dev/null >/dev/null 2>&1")
    try:
        (said,) = wrong(lab)["two"]
    finally:
        two.run("sh", "-c", "kill $(pgrep -x containerd); rm /usr/local/bin/containerd")
    assert "an engine runs there already (/usr/local/bin/containerd)" in said
    seen(said)


def test_a_firewall_is_in_between(lab, state, seen):
    """A host that drops what it does not know is named with the commands that let the nodes and pods in."""
    two = lab.hosts["two"]
    two.run("sh", "-c", "iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -P INPUT DROP")
    try:
        found = wrong(lab)["two"]
    finally:
        two.run("sh", "-c", "iptables -P INPUT ACCEPT; iptables -F INPUT")
    assert any("iptables -A INPUT -s 10.239.0.0/16 -j ACCEPT" in text for text in found)
    seen(found[0])


# A cluster of them, in this order


@pytest.fixture(scope="module")
def cluster(lab, state):
    before = {name: host.files() for name, host in lab.hosts.items()}
    made = provider(lab, "one", "two")
    made.start(SILENCE)
    yield made, before
    made.delete()


def test_a_second_run_changes_nothing_on_any_host(lab, cluster, seen):
    """A second run of a cluster that is as it should be writes no file on any host."""
    made, _ = cluster
    until(lambda: not made.differences(), "the cluster to be whole")
    before = {name: host.files() for name, host in lab.hosts.items()}
    began = time.monotonic()
    made.start(SILENCE)
    took = time.monotonic() - began
    assert {name: host.files() for name, host in lab.hosts.items()} == before
    seen(f"{sum(map(len, before.values()))} files compared, the run took {took:.1f} s")


def test_hosts_are_seen_by_testinfra(cluster):
    """A host is a host to testinfra: its service, socket, file and setting."""
    made, _ = cluster
    one, two = (seen_by_testinfra(made.find(), name) for name in ("one", "two"))
    assert one.service("thinkube-kubelet").is_running
    assert one.service("thinkube-kubelet").is_enabled
    assert one.socket("tcp://0.0.0.0:6443").is_listening or one.socket("tcp://:::6443").is_listening
    assert two.file("/etc/kubernetes/kubelet.conf").mode == 0o600
    assert two.sysctl("net.ipv4.ip_forward") == 1
    assert two.package("iptables").is_installed


def test_a_file_of_ours_was_changed_by_hand(lab, cluster, seen):
    """A changed unit is told by file and host, and a run writes it anew."""
    made, _ = cluster
    lab.hosts["one"].run("sh", "-c", "echo '# by hand' >>/etc/systemd/system/thinkube-kubelet.service")
    (found,) = made.differences()
    assert (found.subject, found.field) == ("host one", "/etc/systemd/system/thinkube-kubelet.service")
    made.start(SILENCE)
    assert not made.differences()
    seen(f"{found.subject}: {found.field}")


def test_hosts_are_restarted(lab, cluster, seen):
    """Both hosts lose their power: under systemd a node comes back by itself, elsewhere with the next run."""
    made, _ = cluster
    for host in lab.hosts.values():
        host.reboot()
    began = time.monotonic()
    until(made.runs, "the API server to serve again without a run")
    alone = time.monotonic() - began
    made.start(SILENCE)
    until(lambda: not made.differences(), "the cluster to be whole")
    seen(f"the control node's API by itself after {alone:.0f} s")


def test_the_join_token_expires(lab, cluster, seen):
    """The token is gone before the worker has used it: the second attempt, ten seconds later, brings a new life of it."""
    made, _ = cluster
    provider(lab, "one").start(SILENCE)  # the worker leaves
    told, taken = Told(), threading.Event()
    again = provider(lab, "one", "two", progress=told)

    def expire():
        with Api.from_kubeconfig(made.folder / "superuser") as api:
            while not taken.is_set():
                for secret in api.list("Secret", "kube-system", fields="type=bootstrap.kubernetes.io/token"):
                    api.delete("Secret", secret["metadata"]["name"], "kube-system")
                    if any("join two" in line for line in told.lines):
                        taken.set()
                time.sleep(0.02)

    thread = threading.Thread(target=expire)
    thread.start()
    try:
        again.start(told)
    finally:
        taken.set()
        thread.join()
    retries = [line for line in told.lines if "joining again in 10 s" in line]
    assert retries or not taken.is_set()
    until(lambda: not made.differences(), "the cluster to be whole")
    seen(retries[0][:120] if retries else "joined before it could be taken away")


def test_a_worker_leaves(lab, cluster, seen):
    """A worker that the inventory does not name any more is drained, leaves, and is file by file what it was before."""
    _, before = cluster
    alone = provider(lab, "one")
    alone.start(SILENCE)
    assert [node["metadata"]["name"] for node in _nodes(alone)] == ["one"]
    after = lab.hosts["two"].files()
    changed = {path for path in after.keys() | before["two"].keys() if after.get(path) != before["two"].get(path)}
    assert not changed, changed
    seen(f"{len(after)} files as before")


def test_a_worker_is_gone_for_good(lab, cluster, seen):
    """A worker that does not answer is done without, and forgotten once the inventory does not name it."""
    made, _ = cluster
    made.start(SILENCE)
    lab.hosts["two"].off()
    told = Told()
    found = provider(lab, "one", "two", progress=told)
    found.start(told)
    assert [line for line in told.lines if line.startswith("two: going on without it")]
    provider(lab, "one").start(SILENCE)
    assert [node["metadata"]["name"] for node in _nodes(made)] == ["one"]
    lab.hosts["two"].boot()
    seen(next(line for line in told.lines if line.startswith("two: going on")))


def test_kills_in_the_middle_of_any_step(lab, cluster, kills, seed, seen, tmp_path):
    """The run is killed, or a host loses its power, at a random moment of a start: the next run carries on and ends in the same state."""
    made, _ = cluster
    rng = random.Random(seed)  # noqa: S311
    inventory = {"name": "f", "nodes": lab.nodes("one", "two").model_dump(mode="json", exclude_none=True)}
    path = tmp_path / "f.yaml"
    path.write_text(yaml.safe_dump(inventory))
    start = [sys.executable, "-m", "converge", "cluster", "start", "--inventory", str(path)]
    made.start(SILENCE)
    done = []
    for number in range(kills):
        hurt, after = rng.choice(["the run", "one", "two"]), rng.uniform(0.5, 12.0)
        if number % 3 == 0:  # from nothing: the worker has to join again
            provider(lab, "one").start(SILENCE)
        else:
            made.stop()
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(start, stdout=log, stderr=log)
            time.sleep(after)  # the moment is the point
            if hurt == "the run":
                process.send_signal(signal.SIGKILL)
            else:
                lab.hosts[hurt].reboot()
            process.wait(900)
        done.append(f"{hurt} after {after:.1f} s")
        made.start(SILENCE)
        until(lambda: not made.differences(), "the cluster to be whole")
        assert sorted(node["metadata"]["name"] for node in _nodes(made)) == ["one", "two"], done
    seen(f"seed {seed}: {'; '.join(done)}")


def test_a_cluster_is_deleted_without_a_trace(lab, cluster, seen):
    """Deleting takes everything of ours away from every host, and from this machine."""
    made, before = cluster
    made.delete()
    for name, host in lab.hosts.items():
        after = host.files()
        changed = {path for path in after.keys() | before[name].keys() if after.get(path) != before[name].get(path)}
        assert not changed, (name, changed)
        assert "KUBE-" not in host.run("iptables-save").stdout
        assert "THINKUBE" not in host.run("iptables-save").stdout
        assert "10.239." not in host.run("ip", "route").stdout
    assert record.read(made.folder) is None
    seen(f"{sum(len(host.files()) for host in lab.hosts.values())} files as before")


def _nodes(made):
    with Api.from_kubeconfig(made.folder / "superuser") as api:
        return api.list("Node")
