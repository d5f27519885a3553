from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.inventory.model import EmbeddedNodes, Inventory
from converge.nodes.embedded.layout import LINK_NAME_MAX, Layout
from converge.places import DEFAULT_STATE

STATE = DEFAULT_STATE
NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)


def layout(name="local", **nodes):
    return Layout.of(Inventory(name=name, nodes=EmbeddedNodes(**nodes)), STATE)


def test_the_host_the_control_node_and_the_workers_have_the_first_addresses():
    plan = layout(workers=2, subnet="10.88.88.0/24")
    assert plan.host_address == "10.88.88.1"
    assert [(node.name, node.address, node.role) for node in plan.nodes] == [
        ("local-control", "10.88.88.2", "control"),
        ("local-worker-1", "10.88.88.3", "worker"),
        ("local-worker-2", "10.88.88.4", "worker"),
    ]


def test_each_node_has_a_share_of_the_pod_range():
    assert [str(node.pods) for node in layout(workers=2, pod_subnet="10.244.0.0/16").nodes] == [
        "10.244.0.0/24",
        "10.244.1.0/24",
        "10.244.2.0/24",
    ]


def test_the_dns_service_has_the_tenth_address_of_the_service_range():
    assert layout(service_subnet="10.96.0.0/16").dns_address == "10.96.0.10"


def test_everything_of_a_node_lies_in_the_state_folder():
    for node in layout(workers=3).nodes:
        assert node.root.is_relative_to(STATE / "local" / "nodes" / node.name)


@given(NAMES)
def test_a_link_name_is_never_longer_than_the_kernel_takes(name):
    assert len(layout(name).link) <= LINK_NAME_MAX


@given(NAMES, NAMES)
def test_two_clusters_never_share_a_link(one, other):
    assert (layout(one).link == layout(other).link) == (one == other)


@pytest.mark.parametrize("text", ["local-worker-1", "worker-1"])
def test_a_node_is_found_by_its_name_or_its_end(text):
    assert layout().node(text).name == "local-worker-1"


def test_an_unknown_node_is_not_found():
    with pytest.raises(KeyError):
        layout().node("worker-9")


def test_the_same_name_in_another_state_folder_is_another_cluster():
    usual, other = (Layout.of(Inventory(), folder) for folder in (DEFAULT_STATE, Path("/srv/thinkube")))
    assert (usual.handle, usual.link) == ("local", "tk-local")
    assert other.handle.startswith("local-")
    assert other.link != usual.link
