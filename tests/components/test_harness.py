"""The harness inside the platform: which components it can work on, with which rights, and what it is told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from converge.components import COMPONENTS
from converge.components.component import Component
from converge.components.harness.component import Harness, reports
from converge.components.harness.runner import Runner
from converge.components.harness.served import SERVED, is_served
from converge.components.harness.server import job
from converge.components.terms import Context
from converge.components.valkey.component import Valkey
from converge.inventory import Inventory

ContextOf = Callable[..., Context]


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.name)
def test_every_component_that_it_could_work_on_is_among_those_that_it_does(kind: type[Component]) -> None:
    assert is_served(kind(Inventory())) == (kind in SERVED)


def test_it_is_told_the_inventory_the_images_and_whom_to_trust(context: ContextOf) -> None:
    (told,) = [obj for obj in Harness(Inventory()).objects(context()) if obj["kind"] == "ConfigMap"]
    assert Inventory.model_validate(json.loads(told["data"]["inventory.yaml"])) == Inventory()
    assert json.loads(told["data"]["images.json"])["valkey"]["reference"] == context().image("valkey")
    assert told["data"]["ca.crt"] == context().ca_pem()


def test_its_account_writes_nowhere_but_in_the_component_and_to_records(context: ContextOf) -> None:
    roles = [obj for obj in Runner(Valkey(Inventory())).objects(context()) if obj["kind"] in ("Role", "ClusterRole")]
    assert {role["metadata"].get("namespace", "") for role in roles} == {"valkey", "thinkube-system", ""}
    writes = {resource for role in roles if not role["metadata"].get("namespace") for resource in written(role)}
    assert writes == {"namespaces"}
    broad = [(role["metadata"].get("namespace"), rule["verbs"]) for role in roles for rule in role["rules"] if "*" in rule["resources"]]
    assert broad == [("valkey", ["get", "list", "watch"])], "it looks at everything in its own place only"


def test_a_run_is_a_locked_down_pod_that_is_not_tried_again(context: ContextOf) -> None:
    made = job("x/thinkube:1", reports(Harness(Inventory())), "verify", "valkey")
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert (made["spec"]["backoffLimit"], container["args"]) == (0, ["verify", "valkey"])
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert not [one for one in container["env"] if "SECRET" in one["name"] and "value" in one], "a key stands in the manifest"


def written(role: dict[str, Any]) -> set[str]:
    return {
        resource for rule in role["rules"] if {"patch", "update", "delete", "create"} & set(rule["verbs"]) for resource in rule["resources"]
    }
