"""Workflows: work in steps that is submitted, followed, read afterwards, and refused to whom it does not belong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from converge.apis.argo import ArgoServer, Workflow, key_of, node_of
from converge.apis.minio import ObjectStore
from converge.components.argo_workflows import consumers
from converge.components.argo_workflows.component import NAMESPACE
from converge.components.keycloak.people import Person
from converge.engine.platform import Platform
from converge.errors import ThinkubeError
from converge.inventory import Inventory
from converge.kubernetes.failures import ApiRefused
from steps.workloads import IMAGE

BUCKET = "argo-workflows"
LOG = "main-logs"


@pytest.fixture
def automation(platform: Platform, inventory: Inventory) -> ArgoServer:
    """Argo Workflows as programs outside the cluster use it."""
    return consumers.automated(inventory, platform.access)


@when("automation submits a workflow whose first step hands a file to the second", target_fixture="workflow")
def submit_handing_on(platform: Platform, inventory: Inventory, automation: ArgoServer) -> Iterator[Workflow]:
    with ended(platform, inventory, automation, consumers.handing_on(platform.context.image(IMAGE))) as workflow:
        yield workflow


@when(parsers.re(r"automation submits a workflow whose step ends with exit code (?P<code>\d+)"), target_fixture="workflow")
def submit_failing(platform: Platform, inventory: Inventory, automation: ArgoServer, code: str) -> Iterator[Workflow]:
    with ended(platform, inventory, automation, consumers.ending_with(platform.context.image(IMAGE), int(code))) as workflow:
        yield workflow


@when("automation submits a workflow whose step asks the server by gRPC", target_fixture="workflow")
def submit_asking(platform: Platform, inventory: Inventory, automation: ArgoServer) -> Iterator[Workflow]:
    image, host = platform.context.image("argo-server"), inventory.host("argo-grpc")
    with ended(platform, inventory, automation, consumers.asking(image, host, "platform-ca")) as workflow:
        yield workflow


@given("a workflow has ended and its pods are gone", target_fixture="workflow")
def workflow_without_pods(platform: Platform, inventory: Inventory, automation: ArgoServer) -> Iterator[Workflow]:
    with ended(platform, inventory, automation, consumers.handing_on(platform.context.image(IMAGE))) as workflow:
        consumers.wait_until_without_pods(platform.access, workflow["metadata"]["name"], inventory.deadlines.component_s)
        yield workflow


@when("the person signs in to Argo Workflows", target_fixture="argo")
def sign_in(inventory: Inventory, person: Person) -> ArgoServer:
    return consumers.signed_in(inventory, person.browser, person.credentials)


@when("the person signs in to Argo Workflows and tries to start a workflow", target_fixture="refusal")
def try_to_start(platform: Platform, inventory: Inventory, person: Person) -> ThinkubeError:
    argo = sign_in(inventory, person)
    with pytest.raises(ThinkubeError) as refusal:
        argo.submit(consumers.ending_with(platform.context.image(IMAGE), 0), prefix=consumers.PREFIX)
    return refusal.value


@when("the person signs in to Argo Workflows and asks who is signed in", target_fixture="refusal")
def ask_in_vain(inventory: Inventory, person: Person) -> ThinkubeError:
    argo = sign_in(inventory, person)
    with pytest.raises(ThinkubeError) as refusal:
        argo.who()
    return refusal.value


@when("a stranger asks Argo Workflows for its workflows", target_fixture="refusal")
def ask_as_stranger(platform: Platform, inventory: Inventory) -> ThinkubeError:
    with pytest.raises(ThinkubeError) as refusal:
        ArgoServer(platform.access.http, consumers.url(inventory), NAMESPACE).names()
    return refusal.value


@then("the workflow succeeds")
def succeeds(workflow: Workflow) -> None:
    assert consumers.phase(workflow) == "Succeeded", workflow["status"].get("message")


@then("the second step has read what the first wrote")
def handed_on(workflow: Workflow, objects: ObjectStore) -> None:
    assert _kept(objects, workflow, "read", LOG) == consumers.LETTER


@then("that step has seen the workflow itself")
def seen_itself(workflow: Workflow, objects: ObjectStore) -> None:
    assert workflow["metadata"]["name"] in _kept(objects, workflow, "ask", LOG).split()


@then(parsers.re(r"the workflow is reported as failed with exit code (?P<code>\d+)"))
def fails(automation: ArgoServer, workflow: Workflow, code: str) -> None:
    told = automation.workflow(workflow["metadata"]["name"])
    assert consumers.phase(told) == "Failed"
    assert f"exit code {code}" in node_of(told, "work")["message"]


@then("the person reads the log and the file of its steps")
def reads_afterwards(argo: ArgoServer, workflow: Workflow) -> None:
    assert argo.file(workflow, "read", LOG).strip() == consumers.LETTER
    assert argo.file(workflow, "write", "letter") == consumers.LETTER


@then("object storage holds both")
def holds_both(objects: ObjectStore, workflow: Workflow) -> None:
    workflow_is_kept(objects, workflow)


@then(parsers.re(r'Argo Workflows names the person and the group "(?P<group>[^"]+)"'))
def names_person(argo: ArgoServer, person: Person, group: str) -> None:
    seen = argo.who()
    assert (seen["email"].partition("@")[0], seen["groups"]) == (person.name, [group])


@then("Argo Workflows lists its workflows to the person")
def lists(platform: Platform, inventory: Inventory, automation: ArgoServer, argo: ArgoServer) -> None:
    with ended(platform, inventory, automation, consumers.ending_with(platform.context.image(IMAGE), 0)) as workflow:
        assert workflow["metadata"]["name"] in argo.names()


@then("the person starts a workflow, which succeeds")
def starts(platform: Platform, inventory: Inventory, argo: ArgoServer) -> None:
    with ended(platform, inventory, argo, consumers.ending_with(platform.context.image(IMAGE), 0)) as workflow:
        succeeds(workflow)


@then("the token for automation lists workflows")
def automation_lists(automation: ArgoServer) -> None:
    automation.names()


@then("it opens nothing else in the cluster")
def automation_is_limited(platform: Platform) -> None:
    limited = platform.api.with_token(consumers.token(platform.access))
    for kind, namespace in (
        ("Secret", NAMESPACE),
        ("Pod", NAMESPACE),
        ("CronWorkflow.argoproj.io", NAMESPACE),
        ("Workflow.argoproj.io", "default"),
    ):
        with pytest.raises(ApiRefused) as refusal:
            limited.list(kind, namespace)
        assert refusal.value.code == 403, f"{kind} of {namespace}: {refusal.value}"
    template = {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate", "metadata": {"name": "theirs", "namespace": NAMESPACE}}
    with pytest.raises(ApiRefused) as refusal:
        limited.create(template | {"spec": {}}, dry_run=True)
    assert refusal.value.code == 403


@contextlib.contextmanager
def ended(platform: Platform, inventory: Inventory, server: ArgoServer, spec: Mapping[str, Any]) -> Iterator[Workflow]:
    """A workflow that was submitted and has ended; it is removed afterwards."""
    with consumers.submitted(server, platform.access, spec) as name:
        yield consumers.wait_until_ended(platform.access, name, inventory.deadlines.component_s)


def workflow_is_kept(objects: ObjectStore, workflow: Workflow) -> None:
    assert _kept(objects, workflow, "read", LOG) == consumers.LETTER
    assert _kept(objects, workflow, "write", "letter") == consumers.LETTER


def _kept(objects: ObjectStore, workflow: Workflow, step: str, artifact: str) -> str:
    return objects.get(BUCKET, key_of(workflow, step, artifact)).decode().strip()
