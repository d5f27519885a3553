"""A cordoned node is told from one that takes pods, with who closed it and when, where that is known."""

import pytest

from converge.kubernetes.cordon import Cordon, cordon_of, cordons

ADDED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": "2026-11-26T12:03:11Z"}


def node(name="worker-1", **spec):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec}


def written_by(manager, obj):
    entry = {"manager": manager, "operation": "Update", "time": "2026-11-26T12:59:00Z", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}
    return {**obj, "metadata": {**obj["metadata"], "managedFields": [entry]}}


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        pytest.param(node(unschedulable=True), "is cordoned: it takes no new pods", id="nobody knows"),
        pytest.param(
            written_by("kubectl", node(unschedulable=True)),
            "is cordoned since 2026-11-26 12:59 UTC (by kubectl): it takes no new pods",
            id="the field's manager",
        ),
        pytest.param(
            written_by("kubectl", node(unschedulable=True, taints=[{"key": "other", "effect": "NoSchedule"}, ADDED])),
            "is cordoned since 2026-11-26 12:03 UTC (by kubectl): it takes no new pods",
            id="the taint's time",
        ),
    ],
)
def test_it_says_since_when_and_by_whom(seen, text):
    found = cordon_of(seen)
    assert (found.text, found.next_command) == (text, "kubectl uncordon worker-1")


def test_a_node_that_takes_pods_is_not_cordoned():
    assert cordon_of(node()) is None
    assert cordon_of(node(unschedulable=False, taints=[ADDED])) is None


def test_of_a_cluster_only_the_cordoned_nodes_are_named(fake_api):
    fake_api.put(node("control"))
    fake_api.put(node("worker-1", unschedulable=True), manager="kubectl")
    [found] = cordons(fake_api.client())
    assert found == Cordon("worker-1", found.since, "kubectl")
