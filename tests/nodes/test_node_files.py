import json
import os
import threading
from pathlib import Path

import pytest
import yaml

from converge.inventory.model import EmbeddedNodes, Inventory
from converge.nodes.embedded import files, links
from converge.nodes.embedded.cgroups import Cgroups
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machine import machines
from converge.nodes.embedded.spaces import Spaces
from converge.nodes.kubeadm import configuration, node_files
from converge.nodes.kubeadm.membership import Membership
from converge.nodes.kubeadm.ready import Patience
from converge.progress import SILENCE

PLAN = Layout.of(Inventory(nodes=EmbeddedNodes(workers=2)), Path("/state"))
CONTROL, WORKER, _ = PLAN.nodes
TOKEN = "abcdef.0123456789abcdef"


def arguments(part):
    return {entry["name"]: entry["value"] for entry in part["extraArgs"]}


def test_the_pod_network_hands_out_the_nodes_own_share():
    (plugin,) = json.loads(node_files.pod_network(WORKER))["plugins"]
    assert plugin["type"] == "ptp"
    assert plugin["ipMasq"] is False
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.244.1.0/24"}]]


def test_a_node_asks_the_cluster_for_names_and_the_cluster_does_not_ask_itself():
    found = files.contents(PLAN, WORKER)
    assert "nameserver 10.96.0.10" in found["etc/resolv.conf"]
    assert configuration.kubelet(PLAN)["resolvConf"] == "/etc/kubernetes/upstream-resolv.conf"
    assert found["etc/kubernetes/upstream-resolv.conf"] == "nameserver 10.88.88.1\n"


def test_every_node_knows_every_node():
    lines = files.hosts(PLAN).splitlines()
    assert [line for line in lines if "10.88.88." in line] == [f"{node.address} {node.name}" for node in PLAN.nodes]


def test_the_disk_is_judged_by_absolute_room_and_images_are_never_collected():
    kubelet = configuration.kubelet(PLAN)
    assert kubelet["imageGCHighThresholdPercent"] == 100
    assert kubelet["evictionHard"]["imagefs.available"] == "1Gi"
    assert kubelet["failCgroupV1"] is False
    assert kubelet["nodeStatusMaxImages"] == -1


def test_kube_proxy_leaves_the_machines_connection_tracking_alone():
    assert configuration.proxy(PLAN)["conntrack"] == {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}


def test_the_api_server_reads_its_authentication_from_a_folder_and_counts_writes():
    server = configuration.cluster(PLAN)["apiServer"]
    given = arguments(server)
    mounted = {volume["hostPath"] for volume in server["extraVolumes"]}
    for flag in ("authentication-config", "audit-log-path", "audit-policy-file"):
        assert str(Path(given[flag]).parent) in mounted
    assert given["kubelet-certificate-authority"] == "/etc/kubernetes/pki/ca.crt"


def test_the_audit_policy_leaves_out_reads_and_bodies():
    assert configuration.POLICY["rules"][0] == {"level": "None", "verbs": ["get", "list", "watch"]}
    assert {rule["level"] for rule in configuration.POLICY["rules"]} == {"None", "Metadata"}


def test_join_tokens_live_for_five_minutes():
    (token,) = configuration.initialisation(PLAN, TOKEN)["bootstrapTokens"]
    assert token["token"] == TOKEN
    assert token["ttl"] == "300s"


@pytest.mark.parametrize(("workers", "tainted"), [(0, False), (1, True)])
def test_the_control_node_takes_pods_only_where_it_is_alone(workers, tainted):
    plan = Layout.of(Inventory(nodes=EmbeddedNodes(workers=workers)), Path("/state"))
    registration = configuration.initialisation(plan, TOKEN)["nodeRegistration"]
    assert ("taints" not in registration) == tainted


def test_the_token_is_not_in_what_stays_in_the_cluster():
    assert TOKEN not in configuration.text(configuration.cluster(PLAN), configuration.kubelet(PLAN), configuration.proxy(PLAN))


def test_preflight_faults_are_ignored_by_name_only():
    assert "all" not in configuration.IGNORED


def test_the_api_server_finds_the_tokens_issuer_at_the_ingress():
    patch = configuration.patches(PLAN, CONTROL)["kube-apiserver+strategic.yaml"]
    assert patch["spec"]["hostAliases"] == [{"ip": "10.88.88.2", "hostnames": ["auth.thinkube.test"]}]
    assert "kube-apiserver+strategic.yaml" not in configuration.patches(PLAN, WORKER)


def test_each_kubelet_keeps_to_its_own_control_group():
    roots = [configuration.patches(PLAN, node)["kubeletconfiguration+strategic.yaml"]["cgroupRoot"] for node in PLAN.nodes]
    assert roots == [f"/thinkube/{PLAN.handle}/{node.name}" for node in PLAN.nodes]


def test_configurations_are_yaml_documents_that_kubeadm_reads_together():
    text = configuration.text(
        configuration.initialisation(PLAN, TOKEN), configuration.cluster(PLAN), configuration.kubelet(PLAN), configuration.proxy(PLAN)
    )
    assert [document["kind"] for document in yaml.safe_load_all(text)] == [
        "InitConfiguration",
        "ClusterConfiguration",
        "KubeletConfiguration",
        "KubeProxyConfiguration",
    ]


def test_this_machine_gets_one_link_and_routes_to_the_pods():
    commands = links.host_commands(PLAN, 4711)
    assert commands[0] == f"link add {PLAN.link} type veth peer name host netns 4711"
    assert [command for command in commands if command.startswith("link add")] == commands[:1]
    assert f"route replace 10.244.1.0/24 via 10.88.88.3 dev {PLAN.link}" in links.host_routes(PLAN)


def test_a_node_reaches_the_pods_of_all_others_and_no_pod_that_is_nowhere():
    own = links.node_routes(PLAN, WORKER)
    assert "route replace 10.244.0.0/24 via 10.88.88.2" in own
    assert "route replace 10.244.2.0/24 via 10.88.88.4" in own
    assert not any(command.startswith("route replace 10.244.1.0/24") for command in own)
    assert "route replace unreachable 10.244.0.0/16" in own


def test_the_runtime_has_its_traps_cured():
    import tomllib

    runtime = tomllib.loads(node_files.RUNTIME)
    cri = runtime["plugins"]["io.containerd.cri.v1.runtime"]
    assert cri["restrict_oom_score_adj"] is True
    assert runtime["plugins"]["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"] == node_files.PAUSE


def test_laying_out_a_node_twice_keeps_what_is_there(tmp_path):
    plan = Layout.of(Inventory(nodes=EmbeddedNodes()), tmp_path)
    node = plan.control
    files.write(plan, node)
    (node.root / "var/lib/etcd/data").write_text("precious")
    before = (node.root / "etc/hosts").stat().st_mtime_ns
    files.write(plan, node)
    assert (node.root / "var/lib/etcd/data").read_text() == "precious"
    assert (node.root / "etc/hosts").stat().st_mtime_ns == before


@pytest.fixture
def strict():
    """A hardened machine's umask."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def closed(folder):
    """What of a folder not everybody can read."""
    return [path.name for path in (folder, *folder.rglob("*")) if path.stat().st_mode & (0o005 if path.is_dir() else 0o004) == 0]


def test_a_nodes_files_can_be_read_by_everybody_whatever_the_umask(tmp_path, strict):
    layout = Layout.of(Inventory(), tmp_path)
    files.write(layout, layout.control)
    assert closed(layout.control.root) == []


def test_what_kubeadm_is_given_can_be_read_by_everybody_but_the_token_whatever_the_umask(tmp_path, strict):
    layout = Layout.of(Inventory(), tmp_path)
    files.write(layout, layout.control)
    given = Membership(layout, machines(layout, NoPrograms(layout, Cgroups((), 2))), Patience(1, threading.Event()), SILENCE)
    with pytest.raises(ProcessLookupError):
        given.make_control_plane_files()
    assert (layout.control.root / "etc/kubernetes/audit/policy.yaml").is_file()
    assert closed(layout.control.root) == ["thinkube.yaml"]


class NoPrograms(Spaces):
    """A node on which no program can be started."""

    def run(self, *_, **__):
        raise ProcessLookupError
