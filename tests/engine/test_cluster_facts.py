"""What the report says of the cluster: what its nodes run, and how much memory its components use."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from converge.engine.cluster_facts import memory
from converge.errors import Unreachable


def platform(*pods: tuple[str, str], answers: bool = True) -> Any:
    def listed(kind: str) -> list[dict[str, Any]]:
        if not answers:
            raise Unreachable("metrics", seen="503")
        return [{"metadata": {"namespace": namespace}, "containers": [{"usage": {"memory": used}}]} for namespace, used in pods]

    api = SimpleNamespace(view=lambda **_: SimpleNamespace(list=listed))
    components = {name: SimpleNamespace(namespace=namespace) for name, namespace in (("keycloak", "keycloak"), ("postgres", "postgres"))}
    components["postgres-backup"] = SimpleNamespace(namespace="postgres")
    return SimpleNamespace(api=api, components=components)


def test_memory_is_told_by_component_the_largest_first() -> None:
    told = memory(platform(("postgres", "128Mi"), ("keycloak", "1Gi"), ("postgres", "64Mi"), ("kube-system", "500Mi"), ("mine", "4Mi")))
    assert told == {"Memory of all pods": "1.7 GiB: keycloak 1024 MiB, Kubernetes 500 MiB, postgres 192 MiB, others 4 MiB"}


def test_where_nobody_measures_nothing_is_told() -> None:
    assert memory(platform(answers=False)) == {}
    assert memory(platform()) == {}
    assert memory(SimpleNamespace()) == {}
