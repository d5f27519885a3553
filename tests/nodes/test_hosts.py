"""What is said of hosts over SSH, and what is written on them: without a host."""

import json
import subprocess
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.errors import Missing, Refused, Unreachable
from converge.inventory.model import HostsNodes, Inventory, SshHost
from converge.nodes.hosts import host_files, preflight, trouble
from converge.nodes.hosts.facts import Facts, ahead, parse
from converge.nodes.hosts.plan import HostsPlan, Traits, assign
from converge.nodes.kubeadm import configuration

ALPHA = SshHost(name="alpha", address="10.0.0.11", role="control", user="ubuntu")
BETA = SshHost(name="beta", address="10.0.0.12", role="worker", port=2222)
GONE = Unreachable("host", seen="No route to host", next_command="ssh alpha")
PINNED = ALPHA.model_copy(update={"host_key": "ssh-ed25519 AAAA"})


def plan(*hosts, traits=None, **nodes):
    inventory = Inventory(name="lab", nodes=HostsNodes(kind="hosts", hosts=hosts or (ALPHA, BETA), **nodes))
    return HostsPlan.of(inventory, Path("/state"), {}, traits)


SOUND = """
== hostname
alpha

== machine
1

== init
systemd

== kernel
Linux 6.12.0 x86_64

== swap

== controllers
cpuset cpu io memory pids

== ports
LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))

== addresses
1: lo    inet 127.0.0.1/8 scope host lo
2: eth0    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth0

== routes
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.11

== disk
Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/sda1 104857600 1 83886080 1% /

== filesystem
ext2/ext3

== memory
MemTotal: 8388608 kB

== overlay
yes

== nat
yes

== tools

== seccomp
libseccomp.so.2 => /lib/libseccomp.so.2

== input
-P INPUT ACCEPT

== ufw

== firewalld

== trusted

== resolved

== engines

== cni

== record

"""


def facts(ahead_s=0.0, **sections):
    return Facts({**parse(SOUND), **sections}, ahead_s)


@pytest.mark.parametrize(("there", "seen"), [(100.0, 0.0), (109.0, 0.0), (113.0, 3.0), (95.0, -5.0)])
def test_a_slow_answer_is_no_wrong_clock(there, seen):
    assert ahead(there, began=100.0, ended=110.0) == seen


def test_a_sound_host_has_no_fault():
    assert preflight.judge(plan(ALPHA), {"alpha": facts()}) == {"alpha": []}


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        pytest.param({"ahead_s": 3600.2}, "its clock is 3600 s ahead of this machine's", id="clock"),
        pytest.param({"addresses": "2: eth0    inet 10.0.0.99/24"}, "address 10.0.0.11 is none of its own (10.0.0.99)", id="address"),
        pytest.param({"ports": 'LISTEN 0 9 *:443 *:* users:(("nginx",pid=7,fd=3))'}, "port 443, on which the ingress listens", id="port"),
        pytest.param({"ports": "LISTEN 0 9 *:6443 *:*"}, "port 6443, on which the API server listens", id="owner-unknown"),
        pytest.param({"engines": "/usr/bin/containerd /usr/bin/dockerd"}, "an engine runs there already", id="engine"),
        pytest.param({"cni": "10-flannel.conflist"}, "somebody's pod network is in /etc/cni/net.d", id="pod-network"),
        pytest.param({"disk": "a b c d e f\n/dev/sda1 9 9 2097152 1% /"}, "2.0 GiB free at /var/lib, 6 are needed", id="disk"),
        pytest.param({"filesystem": "nfs"}, "/var/lib is on nfs", id="file-system"),
        pytest.param({"memory": "MemTotal: 524288 kB"}, "0.5 GiB of memory, 1.8 are needed", id="memory"),
        pytest.param({"controllers": "cpu pids"}, "control group controllers are not available: cpuset, memory", id="control-groups"),
        pytest.param({"tools": "iptables ss"}, "apt-get install iproute2 iptables", id="tools"),
        pytest.param({"overlay": ""}, "no overlay file system", id="module"),
        pytest.param({"kernel": "Linux 6.1 aarch64"}, "for Linux on x86_64", id="architecture"),
        pytest.param({"routes": "10.244.0.0/16 dev wg0"}, "its route to 10.244.0.0/16 by wg0 overlaps pod_subnet", id="route"),
        pytest.param({"ufw": "Status: active"}, "ufw allow from 10.244.0.0/16", id="ufw"),
        pytest.param({"firewalld": "running"}, "--add-source=10.244.0.0/16", id="firewalld"),
        pytest.param({"input": "-P INPUT DROP"}, "iptables -A INPUT -s 10.244.0.0/16 -j ACCEPT", id="iptables"),
        pytest.param({"record": '{"cluster": "other", "node": "a"}'}, "it is node a of the cluster other", id="another-cluster"),
    ],
)
def test_what_is_wrong_with_a_host_is_said_with_what_to_do(seen, said):
    (found,) = preflight.judge(plan(ALPHA), {"alpha": facts(**seen)}).values()
    assert len(found) == 1
    assert said in found[0]


def test_a_firewall_that_lets_the_nodes_and_pods_in_is_no_fault():
    told = "Status: active\nAnywhere ALLOW 10.0.0.12\nAnywhere ALLOW 10.244.0.0/16"
    assert not preflight.judge(plan(), {"alpha": facts(ufw=told)})["alpha"]


def test_a_host_that_is_ours_already_may_use_its_ports():
    ours = facts(
        record='{"cluster": "lab", "node": "alpha", "share": 0}', ports="LISTEN 0 9 *:6443 *:*", engines="/opt/thinkube/bin/kubelet"
    )
    assert not preflight.judge(plan(ALPHA), {"alpha": ours})["alpha"]


def test_two_hosts_that_are_one_machine_are_told():
    found = preflight.judge(plan(), {"alpha": facts(), "beta": facts(addresses="2: eth0    inet 10.0.0.12/24")})
    assert [text.partition(" (")[0] for text in found["beta"]] == [
        "it is the same machine as alpha",
        "its host name alpha is that of alpha too",
    ]


def test_everything_that_is_wrong_is_one_error():
    with pytest.raises(Missing) as raised:
        preflight.Preflight({}, {"alpha": ["a"], "beta": ["b", "c"]}, {"alpha": GONE}).require("lab")
    assert raised.value.seen == "alpha: a\nbeta: b\nbeta: c"
    assert raised.value.next_command == "ssh alpha"


def test_a_cluster_does_without_a_worker_that_is_gone():
    found = preflight.Preflight({}, {"alpha": [], "beta": ["No route to host"]}, {"beta": GONE})
    found.require("lab", without=["beta"])
    with pytest.raises(Missing):
        found.require("lab")


@pytest.mark.parametrize(
    ("host", "words", "kind", "seen"),
    [
        (ALPHA, "ssh: connect to host 10.0.0.11 port 22: No route to host", Unreachable, "No route to host"),
        (ALPHA, "ssh: connect to host 10.0.0.11 port 22: Connection refused", Unreachable, "Connection refused"),
        (
            ALPHA,
            "ubuntu@10.0.0.11: Permission denied (publickey).",
            Refused,
            "no key of the agent or of ~/.ssh is accepted for user ubuntu",
        ),
        (ALPHA, "No ED25519 host key is known for 10.0.0.11\nHost key verification failed.", Refused, "its host key is not known here"),
        (ALPHA, "@ REMOTE HOST IDENTIFICATION HAS CHANGED! @", Refused, "it shows another host key than known_hosts has"),
        (PINNED, "Host key verification failed.", Refused, "it shows another host key than nodes.hosts[].host_key has"),
    ],
)
def test_what_keeps_us_from_a_host_is_told_from_the_clients_words(host, words, kind, seen):
    error = trouble.of(host, words)
    assert (type(error), error.seen) == (kind, seen)
    assert error.next_command


def test_a_command_to_try_names_the_port_where_it_is_another():
    assert trouble.of(BETA, "Connection timed out").next_command == "ssh -p 2222 root@10.0.0.12 true"


def test_what_a_program_said_on_the_host_is_not_the_connections():
    assert trouble.is_of_connection("ssh: connect to host a port 22: Connection refused")
    assert not trouble.is_of_connection("error: no such file")
    assert trouble.of_sudo("Sorry, try again.\nsudo: 1 incorrect password attempt") == "sudo: 1 incorrect password attempt"
    assert trouble.of_sudo("error: no such file") == ""


@given(st.lists(st.sampled_from("abcdefgh"), unique=True), st.lists(st.sampled_from("abcdefgh"), unique=True))
def test_a_host_keeps_its_share_and_no_two_have_one(before, after):
    known = assign(before, {})
    found = assign(after, known)
    assert all(found[name] == number for name, number in known.items())
    assert len(set(found.values())) == len(found)


def test_the_control_host_comes_first_wherever_it_stands():
    assert [node.name for node in plan(BETA, ALPHA).nodes] == ["alpha", "beta"]
    assert plan(BETA, ALPHA).control.pods == IPv4Network("10.244.0.0/24")


@pytest.mark.parametrize(("has_systemd", "driver"), [(True, "systemd"), (False, "cgroupfs")])
def test_who_makes_control_groups_follows_the_first_process(has_systemd, driver):
    made = plan(traits={"alpha": Traits(has_systemd=has_systemd)})
    patch = configuration.patches(made, made.control)["kubeletconfiguration+strategic.yaml"]
    assert patch["cgroupDriver"] == driver
    files = host_files.contents(made, made.control)
    assert f"SystemdCgroup = {'true' if has_systemd else 'false'}" in files["/etc/containerd/config.toml"].text
    assert ("/etc/systemd/system/thinkube-kubelet.service" in files) is has_systemd


def test_our_part_of_a_hosts_file_is_replaced_and_taken_out_again():
    before = "127.0.0.1 localhost\n"
    once = host_files.with_names(before, host_files.names(plan()))
    assert "10.0.0.12 beta\n" in once
    assert host_files.with_names(once, host_files.names(plan())) == once
    assert host_files.with_names(once, "") == before


def test_a_host_asks_the_cluster_first_and_the_cluster_never_asks_itself():
    before = "# by a DHCP client\nnameserver 127.0.0.53\nnameserver 192.168.1.1\nsearch home\n"
    text = host_files.resolv_conf(plan(), before)
    assert next(line for line in text.splitlines() if line.startswith("nameserver")) == "nameserver 10.96.0.10"
    assert "search home" in text
    assert host_files.upstream(before) == "nameserver 192.168.1.1\n"


def test_the_script_of_the_network_is_one_that_a_shell_reads():
    made = plan()
    script = host_files.network(made, made.control)
    assert "ip route replace 10.244.1.0/24 via 10.0.0.12 proto 86" in script
    assert "ip route replace 10.244.0.0/24" not in script
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_a_host_remembers_whose_it_is():
    made = plan()
    assert json.loads(host_files.record(made, made.nodes[1])) == {
        "cluster": "lab",
        "node": "beta",
        "role": "worker",
        "address": "10.0.0.12",
        "share": 1,
    }
