"""How scenarios ended is written down by component, beside what earlier runs said of others."""

import json

from converge.engine.record import ACCEPTANCE, endings, write_acceptance
from converge.kubernetes.objects import SYSTEM_NAMESPACE


class Cluster:
    def __init__(self, data: dict[str, str] | None = None) -> None:
        self.found = {"data": data} if data else None
        self.applied: list[dict] = []

    def find(self, kind: str, name: str, namespace: str):
        assert (kind, name, namespace) == ("ConfigMap", ACCEPTANCE, SYSTEM_NAMESPACE)
        return self.found

    def apply(self, obj: dict, *, force: bool) -> None:
        self.applied.append(obj)


SCENARIOS = [
    (("core", "keycloak"), "passed"),
    (("core", "keycloak", "sso"), "passed"),
    (("core", "keycloak"), "failed"),
    (("core", "minio"), "unavailable"),
    (("platform",), "passed"),
]


def test_scenarios_are_counted_for_the_component_in_their_tags() -> None:
    assert endings(SCENARIOS, ["keycloak", "minio", "valkey"]) == {"keycloak": {"passed": 2, "failed": 1}, "minio": {"unavailable": 1}}


def test_what_this_run_left_out_stays_as_it_was() -> None:
    cluster = Cluster({"valkey": "{}", "minio": "{}"})
    write_acceptance(cluster, {"minio": {"passed": 3}}, 1_790_000_000, "https://ci.example/report")  # type: ignore[arg-type]
    (made,) = cluster.applied
    assert made["data"]["valkey"] == "{}"
    assert json.loads(made["data"]["minio"]) == {"passed": 3, "ended": "2026-09-21T14:13:20Z", "report": "https://ci.example/report"}


def test_a_run_that_is_about_no_component_writes_nothing() -> None:
    cluster = Cluster()
    write_acceptance(cluster, {}, 0)  # type: ignore[arg-type]
    assert not cluster.applied
