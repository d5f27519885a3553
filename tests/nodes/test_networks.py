from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.inventory.model import EmbeddedNodes, Inventory
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.networks import Range, _ranges, clashes
from converge.nodes.embedded.record import Record


def layout(**nodes):
    return Layout.of(Inventory(name="mine", nodes=EmbeddedNodes(**nodes)), Path("/state"))


def cluster(name, subnet, pods):
    return Record(name, "v1", 1, subnet, pods, "10.96.0.0/16")


def test_free_ranges_are_no_clash():
    assert clashes(layout(), [], []) == []


def test_a_subnet_of_another_cluster_is_named_with_a_free_one():
    found = clashes(layout(subnet="10.88.88.0/24", pod_subnet="10.1.0.0/16"), [cluster("other", "10.88.88.0/24", "10.244.0.0/16")], [])
    assert found == ["subnet 10.88.88.0/24 overlaps 10.88.88.0/24 (cluster other); free: 10.88.89.0/24"]


def test_the_pod_ranges_of_two_clusters_must_differ():
    (found,) = clashes(layout(subnet="10.88.90.0/24"), [cluster("other", "10.88.88.0/24", "10.244.0.0/16")], [])
    assert found.startswith("pod_subnet 10.244.0.0/16 overlaps 10.244.0.0/16 (cluster other); free: 10.2")


def test_two_clusters_may_have_the_same_service_range():
    assert clashes(layout(subnet="10.88.90.0/24", pod_subnet="10.1.0.0/16"), [cluster("other", "10.88.88.0/24", "10.244.0.0/16")], []) == []


def test_a_route_of_this_machine_is_named():
    (found,) = clashes(layout(subnet="172.17.5.0/24"), [], [Range(IPv4Network("172.17.0.0/16"), "this machine's route by docker0")])
    assert "overlaps 172.17.0.0/16 (this machine's route by docker0)" in found


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        pytest.param({"subnet": "10.88.88.0/29", "workers": 8}, "no room for 9 nodes", id="subnet too small"),
        pytest.param({"pod_subnet": "10.244.0.0/24"}, "no /24 for each of 2 nodes", id="pod range too small"),
        pytest.param({"service_subnet": "10.96.0.0/28"}, "smaller than a /24", id="service range too small"),
        pytest.param({"pod_subnet": "10.96.0.0/16"}, "overlaps service_subnet 10.96.0.0/16", id="pods in the service range"),
        pytest.param({"subnet": "10.244.7.0/24"}, "overlaps pod_subnet 10.244.0.0/16", id="nodes in the pod range"),
    ],
)
def test_ranges_must_fit_and_be_apart(nodes, words):
    assert any(words in fault for fault in clashes(layout(**nodes), [], []))


def test_all_clashes_are_said_at_once():
    other = cluster("other", "10.88.88.0/24", "10.244.0.0/16")
    assert len(clashes(layout(), [other], [])) == 2


def test_routes_are_read_from_ip():
    entries = [
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
        {"dst": "192.0.2.0/24", "dev": "eth0"},
        {"dst": "10.88.88.0/24", "dev": "tk-mine"},
        {"dst": "127.0.0.0/8", "dev": "lo"},
        {"type": "broadcast", "dst": "192.0.2.255", "dev": "eth0"},
        {"dst": "10.9.9.9", "dev": "wg0"},
    ]
    assert [(str(entry.network), entry.owner) for entry in _ranges(entries, "tk-mine")] == [
        ("192.0.2.0/24", "this machine's route by eth0"),
        ("10.9.9.9/32", "this machine's route by wg0"),
    ]


@given(st.integers(0, 255), st.integers(20, 28))
def test_the_free_range_that_is_offered_is_free(third, prefix):
    taken = IPv4Network(f"10.88.{third}.0/{prefix}", strict=False)
    wanted = str(taken.supernet(new_prefix=20).subnets(new_prefix=24).__next__())
    found = [fault for fault in clashes(layout(subnet=wanted, workers=0), [], [Range(taken, "x")]) if "free:" in fault]
    for fault in found:
        offered = fault.rpartition("free: ")[2]
        assert not IPv4Network(offered).overlaps(taken)
