from types import SimpleNamespace

from converge.acceptance.routes import own_host
from converge.inventory.model import Inventory


def test_a_host_of_one_run_is_none_of_another_runs():
    one, other = (own_host(Inventory(), SimpleNamespace(namespace=name), "tls") for name in ("throw-away-1", "throw-away-2"))
    assert one != other
    assert one.endswith(f".{Inventory().domain_name}")
