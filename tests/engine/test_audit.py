"""What the API server itself saw of a converge: root, a minute, a cluster of its own."""

import json

import pytest

from converge.engine.platform import Platform
from converge.engine.reconcile import converge
from converge.inventory.model import EmbeddedNodes, Inventory

pytestmark = pytest.mark.cluster

NAMES = ("control-node", "worker-nodes", "storage", "dns", "ingress")
INVENTORY = Inventory(
    name="audit-test",
    nodes=EmbeddedNodes(workers=1, subnet="10.88.121.0/24", pod_subnet="10.121.0.0/16"),
    components=dict.fromkeys(NAMES),
)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    platform = Platform(INVENTORY)
    yield
    platform.provider.delete()


def converge_all():
    """Converge every component in order, as a new run does; what was written, in words, and what the API server wrote down of us."""
    platform = Platform(INVENTORY)
    try:
        seen = len(_ours(platform)) if platform.provider.find() else 0
        changes = [change for name in platform.graph.closure(NAMES) for change in converge(platform, name).changes]
        platform.close({}, 0)
        return changes, _ours(platform)[seen:]
    finally:
        platform.stop()


def _ours(platform):
    """Every write that the harness asked for; the log holds writes only."""
    entries = map(json.loads, platform.cluster().audit_log.read_text().splitlines())
    return [entry for entry in entries if entry.get("userAgent") == "thinkube" and entry["stage"] == "ResponseComplete"]


def test_a_second_converge_asks_the_api_server_for_no_write():
    changes, writes = converge_all()
    assert changes
    assert writes
    changes, writes = converge_all()
    assert changes == []
    assert [(entry["verb"], entry["requestURI"]) for entry in writes] == []
