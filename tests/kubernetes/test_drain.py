"""A drained node is closed while it is emptied of what others start again elsewhere, and open afterwards unless somebody had closed it."""

import pytest
from hanging import HANG_S

from converge.kubernetes.drain import drained

NODE = "worker-1"


@pytest.fixture
def cluster(fake_api):
    fake_api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}, "spec": {}})
    return fake_api


def pod(name, owner="ReplicaSet", node=NODE):
    owners = [{"apiVersion": "apps/v1", "kind": owner, "name": "owner", "uid": "1", "controller": True}] if owner else []
    metadata = {"name": name, "namespace": "default", "ownerReferences": owners}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": node}}


def is_closed(cluster):
    return bool((cluster.find("Node", NODE).get("spec") or {}).get("unschedulable"))


def test_it_is_closed_meanwhile_and_open_afterwards(cluster):
    with drained(cluster.client(), NODE, HANG_S):
        assert is_closed(cluster)
    assert not is_closed(cluster)


def test_it_is_open_again_when_something_fails_meanwhile(cluster):
    with pytest.raises(ZeroDivisionError), drained(cluster.client(), NODE, HANG_S):
        raise ZeroDivisionError
    assert not is_closed(cluster)


def test_what_somebody_had_closed_before_stays_closed(cluster):
    cluster.edit("Node", NODE, "", {"spec": {"unschedulable": True}})
    with drained(cluster.client(), NODE, HANG_S):
        pass
    assert is_closed(cluster)


@pytest.mark.parametrize(
    ("owner", "stays"), [("ReplicaSet", False), ("StatefulSet", False), ("DaemonSet", True), ("Node", True), ("", True)]
)
def test_only_what_is_started_again_elsewhere_leaves(cluster, owner, stays):
    cluster.put(pod("one", owner))
    with drained(cluster.client(), NODE, HANG_S):
        assert (cluster.find("Pod", "one", "default") is not None) is stays


def test_pods_of_other_nodes_stay(cluster):
    cluster.put(pod("elsewhere", node="worker-2"))
    with drained(cluster.client(), NODE, HANG_S):
        assert cluster.find("Pod", "elsewhere", "default")


def test_a_budget_that_does_not_allow_it_yet_is_waited_for(cluster):
    cluster.put(pod("one"))
    cluster.fail("create", 429, times=2, path="eviction")
    with drained(cluster.client(), NODE, HANG_S):
        assert cluster.find("Pod", "one", "default") is None


def test_a_pod_that_went_by_itself_and_one_that_took_its_name_are_left_alone(cluster):
    api = cluster.client()
    gone = api.create(pod("one"))
    api.delete("Pod", "one", "default")
    api.evict(gone)
    cluster.put(pod("one"))
    api.evict(gone)
    assert cluster.find("Pod", "one", "default")
