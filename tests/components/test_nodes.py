"""Cordoned nodes: remarks of the component of their role, nothing that a converge would write, and a failed promise for workers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from converge.components.control_node.component import ControlNode
from converge.components.terms import Remark
from converge.components.worker_nodes.component import WorkerNodes
from converge.errors import NotReady
from converge.inventory import Inventory
from steps.nodes import workers_open

ROLES = {"one-control": "control", "one-worker-1": "worker", "one-worker-2": "worker"}


@pytest.fixture
def access(fake_api):
    for name in ROLES:
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        fake_api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {}, "status": ready})
    cluster = SimpleNamespace(nodes=[SimpleNamespace(name=name, role=role) for name, role in ROLES.items()])
    api = fake_api.client()
    return SimpleNamespace(cluster=lambda: cluster, api=lambda: api)


def cordon(fake_api, name):
    fake_api.edit("Node", name, "", {"spec": {"unschedulable": True}})


@pytest.mark.parametrize(("component", "name"), [(ControlNode, "one-control"), (WorkerNodes, "one-worker-2")])
def test_a_cordoned_node_is_a_remark_of_its_role_alone(fake_api, access, component, name):
    cordon(fake_api, name)
    [remark] = component(Inventory()).remarks(access)
    assert (remark.subject, remark.next_command) == (f"Node {name}", f"kubectl uncordon {name}")
    assert str(remark).startswith(f"Node {name} is cordoned since ")
    assert str(remark).endswith(f": it takes no new pods; kubectl uncordon {name}")
    other = WorkerNodes if component is ControlNode else ControlNode
    assert other(Inventory()).remarks(access) == []


def test_a_cordoned_worker_is_no_difference(fake_api, access):
    cordon(fake_api, "one-worker-1")
    settings = WorkerNodes(Inventory()).settings(None, access)
    assert [tuple(setting.differences()) for setting in settings] == [(), ()]


def test_nodes_that_take_pods_need_no_remark(access):
    assert WorkerNodes(Inventory()).remarks(access) == []


def test_the_promise_that_workers_take_pods_fails_with_what_to_type(fake_api, access):
    platform = SimpleNamespace(api=access.api(), cluster=access.cluster)
    workers_open(platform)
    cordon(fake_api, "one-control")
    workers_open(platform)
    cordon(fake_api, "one-worker-1")
    with pytest.raises(NotReady) as caught:
        workers_open(platform)
    assert caught.value.wanted == "every worker node takes pods"
    assert caught.value.seen.startswith("Node one-worker-1 is cordoned since")
    assert caught.value.next_command == "kubectl uncordon one-worker-1"


def test_a_remark_is_one_sentence_and_a_command():
    assert str(Remark("Node a", "is cordoned", "kubectl uncordon a")) == "Node a is cordoned; kubectl uncordon a"
