"""What belongs to the cluster itself is lost: Node objects, kubeadm's objects, images of a node; CoreDNS crashes; a worker is cordoned."""

import pytest
from place import until

from converge.engine.planner import plan as plan_of
from converge.kubernetes.wait import ObjectsNotReady, wait_until_ready
from converge.nodes.embedded import loading
from converge.nodes.embedded.machines import runtime_socket

pytestmark = pytest.mark.fault

SYSTEM = "kube-system"
KUBELETS_OWN = 3
"""A kubelet that has only just started registers by itself once more: then the run had nothing to do, and the node is hurt again."""


def lose_image(place, node, reference):
    provider = place.provider
    runtime = runtime_socket(provider.spaces, provider.layout.node(node))
    assert reference in loading.present(provider.layout.programs, runtime)
    removed = place.platform.cluster().run(node, ["ctr", "-n", "k8s.io", "images", "rm", "--sync", reference])
    assert removed.code == 0, removed.stderr


@pytest.mark.parametrize(("node", "component"), [("worker-1", "worker-nodes"), ("control", "control-node")])
def test_a_node_object_is_deleted(place, seen, node, component):
    """A Node object is deleted: a plain run starts its kubelet anew; labels, taints and pod range are as before."""
    place.converge("worker-nodes").require()
    name = place.provider.layout.node(node).name
    before = place.api.get("Node", name)
    for _ in range(KUBELETS_OWN):
        place.api.delete("Node", name)
        done = place.converge("worker-nodes").require()
        if done.outcomes[component].changes:
            break
    after = place.api.get("Node", name)
    assert done.outcomes[component].changes, f"the kubelet came back by itself {KUBELETS_OWN} times"
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert [taint["key"] for taint in after["spec"].get("taints", ())] == [taint["key"] for taint in before["spec"].get("taints", ())]
    assert after["spec"]["podCIDR"] == before["spec"]["podCIDR"]
    place.assert_settled("worker-nodes")
    seen(f"one run of {done.seconds:.1f} s brought it back")


def test_kubeadms_own_objects_are_deleted(place, seen):
    """kube-proxy, CoreDNS and what kubeadm keeps for joining are deleted: a plain run brings them back."""
    place.converge("control-node").require()
    lost = (
        ("DaemonSet", "kube-proxy", SYSTEM),
        ("Deployment", "coredns", SYSTEM),
        ("ConfigMap", "kubelet-config", SYSTEM),
        ("ClusterRoleBinding", "kubeadm:node-autoapprove-certificate-rotation", ""),
    )
    for kind, name, namespace in lost:
        assert place.api.delete(kind, name, namespace)
    done = place.converge("control-node").require()
    assert all(place.api.find(kind, name, namespace) for kind, name, namespace in lost)
    place.assert_settled("control-node")
    seen(f"one run of {done.seconds:.1f} s brought {len(lost)} objects back")


def test_an_image_is_lost_from_a_node(place, seen):
    """The image of "ingress" is removed from the worker and its pod with it: the next run loads it and the pod starts."""
    place.converge("ingress").require()
    lose_image(place, "worker-1", place.platform.images.reference("traefik"))
    for pod in place.api.list("Pod", "ingress"):
        place.api.delete("Pod", pod["metadata"]["name"], "ingress", grace_s=0)
    until(lambda: "ImagePullBackOff" in str(place.api.list("Pod", "ingress")), "the pull to be given up")
    done = place.converge("ingress").require()
    assert any(change.startswith("replace Pod ingress/") for change in done.outcomes["ingress"].changes), done.outcomes["ingress"].changes
    place.assert_settled("ingress")
    seen(f"one run of {done.seconds:.1f} s: {done.outcomes['ingress'].changes[-1]}")


def test_coredns_crashes(place, seen):
    """CoreDNS cannot start: the run ends early with CoreDNS's own words, not at its deadline; with the cause gone a plain run heals it."""
    place.converge("control-node").require()
    config = place.api.get("ConfigMap", "coredns", SYSTEM)
    place.api.patch("ConfigMap", "coredns", SYSTEM, {"data": {"Corefile": ".:53 {\n    nonsense\n}\n"}})
    for pod in place.api.list("Pod", SYSTEM, labels="k8s-app=kube-dns"):
        place.api.delete("Pod", pod["metadata"]["name"], SYSTEM, grace_s=0)
    done = place.begin("control-node").end()
    outcome = done.outcomes["control-node"]
    assert outcome.result == "failed"
    assert "crashed" in outcome.text
    assert "nonsense" in outcome.text
    assert "next:   kubectl describe pod coredns" in outcome.text
    place.api.patch("ConfigMap", "coredns", SYSTEM, {"data": config["data"]})
    again = place.converge("control-node").require()
    place.assert_settled("control-node")
    seen(f"said why after {done.seconds:.0f} s; with the cause gone healed in {again.seconds:.1f} s")


def test_a_worker_is_cordoned(place, seen):
    """A worker is cordoned: plan and run say who is and what to type, and write nothing; a pod that waits for a node fails early."""
    place.converge("worker-nodes").require()
    name = place.provider.layout.node("worker-1").name
    undo = f"kubectl uncordon {name}"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "late", "namespace": "default"},
        "spec": {"containers": [{"name": "main", "image": "none.invalid/none:1"}], "terminationGracePeriodSeconds": 0},
    }
    place.api.patch("Node", name, patch={"spec": {"unschedulable": True}})
    try:
        plan = plan_of(place.platform, "worker-nodes")
        assert not plan
        [remark] = plan.remarks
        assert remark.next_command == undo
        done = place.converge("worker-nodes").require()
        assert not done.written
        [said] = done.outcomes["worker-nodes"].remarks
        assert said == str(remark)
        assert place.api.get("Node", name)["spec"]["unschedulable"]
        place.api.create(pod)
        with pytest.raises(ObjectsNotReady) as caught:
            wait_until_ready(place.api, [pod], 300)
        assert caught.value.is_terminal
        assert caught.value.next_command == undo
        assert caught.value.cause.startswith(f"Node {name} is cordoned")
    finally:
        place.api.delete("Pod", "late", "default")
        place.api.patch("Node", name, patch={"spec": {"unschedulable": None}})
    assert not plan_of(place.platform, "worker-nodes").remarks
    place.assert_settled("worker-nodes")
    seen(f"nothing written; said: {said}")
