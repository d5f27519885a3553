"""What runs says in which version, so that a plan can tell what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from converge.components import known
from converge.components.terms import Context, KubernetesObject
from converge.components.versions import RUNS, replaced
from converge.inventory import Inventory


def workload(runs: str) -> KubernetesObject:
    return {"kind": "Deployment", "metadata": {"name": "web", "annotations": {RUNS: runs} if runs else {}}}


@pytest.mark.parametrize(
    ("live", "wanted", "told"),
    [
        ("keycloak 26.7.3", "keycloak 26.7.4", ["keycloak 26.7.3 → 26.7.4"]),
        (
            "postgres Debian 11-23, rclone 1.60.1",
            "postgres Debian 12-01, rclone 1.60.1",
            ["postgres Debian 11-23 → Debian 12-01"],
        ),
        ("keycloak 26.7.4", "keycloak 26.7.4", []),
        ("", "keycloak 26.7.4", []),
        ("keycloak 26.7.4", "", []),
        ("keycloak 26.7.4", "keycloak 26.7.4, waiter 1.0", []),
    ],
    ids=["another", "one-of-two", "the-same", "from-before-it-was-said", "said-no-more", "one-more"],
)
def test_what_is_replaced_is_told_by_its_versions(live: str, wanted: str, told: list[str]) -> None:
    assert replaced(workload(live), workload(wanted)) == told


def test_what_is_not_there_is_not_replaced() -> None:
    assert replaced(None, workload("keycloak 26.7.4")) == replaced(workload("keycloak 26.7.4"), None) == []


def test_workloads_say_the_versions_of_what_they_run_and_nothing_else_does(context: Callable[[], Context]) -> None:
    component = known(Inventory())["keycloak"]
    objects = component.objects(replace(context(), version=lambda name: {"keycloak": "26.7.4"}.get(name, "")))
    said = {item["kind"]: item["metadata"]["annotations"][RUNS] for item in objects if RUNS in item["metadata"].get("annotations", {})}
    assert said == {"Deployment": "keycloak 26.7.4"}
