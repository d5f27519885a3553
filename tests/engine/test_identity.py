"""A cluster remembers which platform it is; a run for another one is refused before it writes."""

import pytest

from converge.engine.identity import Identity, find, refuse_another, remember
from converge.engine.run import beside
from converge.errors import Refused
from converge.inventory.model import Inventory
from converge.kubernetes.applyset import ensure_system_namespace

HOMELAB = Inventory(name="homelab", domain_name="lab.thinkube.test").read_from("inventory/homelab.yaml")


class Cluster:
    """Holds one ConfigMap."""

    def __init__(self) -> None:
        self.held: dict | None = None

    def find(self, kind: str, name: str, namespace: str):
        assert (kind, name, namespace) == ("ConfigMap", "platform", "thinkube-system")
        return self.held

    def apply(self, obj: dict) -> None:
        self.held = obj


@pytest.fixture
def homelab():
    cluster = Cluster()
    remember(cluster, HOMELAB)  # type: ignore[arg-type]
    return cluster


def test_a_cluster_of_nobodys_is_anybodys() -> None:
    cluster = Cluster()
    refuse_another(cluster, HOMELAB)  # type: ignore[arg-type]
    assert find(cluster) is None  # type: ignore[arg-type]


def test_a_cluster_remembers_the_first_that_wrote(homelab) -> None:
    remember(homelab, Inventory(name="other"))
    assert find(homelab) == Identity("homelab", "lab.thinkube.test", "inventory/homelab.yaml")


def test_the_same_platform_may_come_from_another_file(homelab) -> None:
    refuse_another(homelab, HOMELAB.read_from("/somewhere/else.yaml"))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "two"}, "its name from homelab to two"),
        ({"domain_name": "two.thinkube.test"}, "its domain from lab.thinkube.test to two.thinkube.test"),
        (
            {"name": "two", "domain_name": "two.thinkube.test"},
            "its name from homelab to two and its domain from lab.thinkube.test to two.thinkube.test",
        ),
    ],
)
def test_another_platform_is_refused_in_one_sentence(homelab, changed: dict[str, str], told: str) -> None:
    with pytest.raises(Refused) as refused:
        refuse_another(homelab, HOMELAB.model_copy(update=changed))
    whose = "this cluster is platform homelab at lab.thinkube.test (made by inventory/homelab.yaml)"
    assert refused.value.seen == f"{whose}, and this run would change {told}"


def test_an_inventory_still_knows_its_file_beside_another_cluster() -> None:
    assert beside(HOMELAB, "throwaway").file == HOMELAB.file


def test_a_run_for_another_platform_writes_nothing(bench) -> None:
    ensure_system_namespace(bench.platform.api)
    remember(bench.platform.api, HOMELAB)
    bench.fake_api.forget()
    outcome = bench.converge()
    assert outcome.result == "failed"
    assert "this cluster is platform homelab at lab.thinkube.test" in outcome.text
    assert bench.fake_api.writes == []
    with pytest.raises(Refused):
        bench.operations.check()


def test_a_run_that_writes_leaves_word_whose_cluster_it_is(bench) -> None:
    assert bench.converge().result == "converged"
    assert find(bench.platform.api) == Identity("local", "thinkube.test")
