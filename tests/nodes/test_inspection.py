"""What a look at a running cluster finds, and what its programs said last: without a cluster."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from converge.inventory.model import EmbeddedNodes, Inventory
from converge.kubernetes.objects import Ref
from converge.nodes.embedded import program_logs
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machine import machines
from converge.nodes.kubeadm import expiry
from converge.nodes.kubeadm.inspection import Inspection, absent, system_pods
from converge.nodes.kubeadm.phases import PHASES, is_marked

LABEL = "node-role.kubernetes.io/control-plane"


@pytest.fixture
def layout(tmp_path):
    return Layout.of(Inventory(name="one", nodes=EmbeddedNodes()), tmp_path)


def node(name, *, ready="True", message="", labels=None, taints=(), cidr="10.244.0.0/24"):
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"taints": [{"key": key, "effect": "NoSchedule"} for key in taints], **({"podCIDR": cidr} if cidr else {})},
        "status": {"conditions": [{"type": "Ready", "status": ready, "message": message}]},
    }


def marked(**options):
    return node("one-control", labels={LABEL: ""}, taints=[LABEL], **options)


def pod(name, app, on="one-control", *, ready="True", **container):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"k8s-app": app}},
        "spec": {"nodeName": on},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": app, **container}] if container else [],
        },
    }


def test_a_node_that_is_absent_or_not_ready_is_named_with_its_kubelets_words(fake_api, layout):
    fake_api.put(marked(ready="Unknown", message="Kubelet stopped posting node status."))
    assert Inspection(layout, machines(layout, None), fake_api.client()).unready() == {
        "one-control": "not Ready (Kubelet stopped posting node status.)",
        "one-worker-1": "absent: the API server knows no such node",
    }


@pytest.mark.parametrize(("seen", "is_whole"), [(marked(), True), (node("one-control"), False), (node("x", labels={LABEL: ""}), False)])
def test_whether_the_control_node_is_marked_is_read_from_its_object(layout, seen, is_whole):
    assert is_marked(layout, seen) is is_whole


def test_what_is_lost_of_nodes_objects_and_pods_is_a_difference_each(fake_api, layout, monkeypatch):
    late = [expiry.Certificate("apiserver", datetime(2030, 1, 1, tzinfo=UTC)), expiry.Certificate("etcd/server", datetime.max)]
    monkeypatch.setattr(expiry, "due", lambda *_: [replace(one, ends=one.ends.replace(tzinfo=UTC)) for one in late])
    fake_api.put(node("one-control", cidr=""))
    fake_api.put(node("one-worker-1"))
    for ref in (ref for refs in PHASES.values() for ref in refs if ref.name != "cluster-info"):
        fake_api.put({"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name, "namespace": ref.namespace}})
    fake_api.put(pod("kube-proxy-1", "kube-proxy"))
    fake_api.put(pod("coredns-1", "kube-dns"))
    found = Inspection(layout, machines(layout, None), fake_api.client()).differences()
    assert found[-1].seen == "apiserver and 1 more until 2030-01-01 00:00 UTC"
    assert [(one.subject, one.field) for one in found] == [
        ("node one-control", "label and taint of the control plane"),
        ("node one-control", "spec.podCIDR"),
        ("ConfigMap kube-public/cluster-info", ""),
        ("kube-proxy on one-worker-1", "state"),
        ("certificates", "life left"),
    ]
    assert not fake_api.writes


def test_objects_that_are_there_are_not_absent(fake_api):
    fake_api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})
    assert absent(fake_api.client(), [Ref("Namespace", name, "", "v1") for name in "ab"]) == [Ref("Namespace", "b", "", "v1")]


def test_objects_are_looked_for_with_one_list_for_a_kind_in_a_namespace(fake_api):
    refs = [ref for found in PHASES.values() for ref in found]
    assert absent(fake_api.client(), refs) == refs
    lists = [request.path for request in fake_api.requests if request.verb == "list"]
    assert len(lists) == len(set(lists)) == len({(ref.kind, ref.namespace) for ref in refs}) < len(refs)
    assert not [request for request in fake_api.of("get") if "kubeadm" in request.path]


def test_the_system_says_which_pod_of_it_does_not_serve_and_why(layout):
    crash = {"restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1}}}
    pods = [pod(f"kube-proxy-{number}", "kube-proxy", one.name) for number, one in enumerate(layout.nodes)]
    late = system_pods(layout.nodes, [*pods, pod("coredns-1", "kube-dns", ready="False", **crash)], lambda pod: "coredns" not in str(pod))
    assert {name: doing for name, (doing, _) in late.items()} == {
        "CoreDNS": "pod coredns-1: container kube-dns crashed 5 times: exit status 1"
    }


def write(layout, run, *lines):
    folder = layout.control.root / "var/log/pods/kube-system_etcd-one-control_1/etcd"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{run}.log").write_text("".join(f"2026-01-01T00:00:00.0Z stderr F {line}\n" for line in lines))


def test_last_words_are_complaints_without_what_the_runtime_adds(layout):
    write(layout, 3, '{"level":"info","msg":"starting"}', '{"level":"fatal","msg":"disk full"}', '{"level":"info","msg":"bye"}')
    write(layout, 4)
    assert program_logs.last_words_of(layout, "etcd") == '{"level":"fatal","msg":"disk full"}'
    assert program_logs.runs(layout, "etcd") == 5
    assert program_logs.newest_log(layout, "etcd").name == "4.log"


def test_who_never_complained_is_quoted_with_its_last_lines(layout):
    layout.logs.mkdir(parents=True)
    program_logs.kubelet_log(layout, "one-worker-1").write_text("I0101 one\nI0101 two\n")
    assert program_logs.last_words(layout, "one-worker-1") == "I0101 one\nI0101 two"
    assert program_logs.last_words(layout, "one-worker-2") == ""
    assert program_logs.runs(layout, "kube-apiserver") == 0
    assert program_logs.newest_log(layout, "kube-apiserver") is None
