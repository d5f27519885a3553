"""Inside: runs of the harness by the platform itself, who starts them, how they end, and what they may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance.rights import Right, rights
from converge.apis.argo import ArgoServer, Workflow
from converge.components.argo_workflows import consumers as workflows
from converge.components.harness import consumers
from converge.components.harness.component import reports
from converge.components.harness.server import DEADLINE_S, IMAGE, NAMESPACE, account, job, template
from converge.engine.platform import Platform
from converge.errors import Unavailable
from converge.inventory import Inventory
from converge.kubernetes.objects import SYSTEM_NAMESPACE


@given(parsers.re(r'nothing requires "(?P<name>[^"]+)"'))
def needed_by_nobody(platform: Platform, name: str) -> None:
    if needing := _needing(platform, name):
        raise Unavailable(f"{name} taken away by itself", seen=f"this inventory has {', '.join(needing)}, which require it")


@given(parsers.re(r'something requires "(?P<name>[^"]+)"'))
def needed_by_somebody(platform: Platform, name: str) -> None:
    if not _needing(platform, name):
        raise Unavailable(f"a component that requires {name}", seen="this inventory has none")


@when(parsers.re(r'an operator starts a Job that has the harness (?P<verb>verify|remove) "(?P<name>[^"]+)"'), target_fixture="run_inside")
def start_job(platform: Platform, verb: str, name: str) -> Iterator[consumers.Ended]:
    made = job(platform.context.image(IMAGE), reports(platform.component(NAMESPACE)), verb, name)
    with consumers.started(platform.access, made) as started:
        yield consumers.wait_until_ended(platform.access, started, DEADLINE_S)


@when(parsers.re(r'automation submits the workflow that has the harness deploy "(?P<name>[^"]+)"'), target_fixture="workflow")
def submit(platform: Platform, automation: ArgoServer, name: str) -> Iterator[Workflow]:
    with workflows.submitted(automation, platform.access, _asked("deploy", name)) as started:
        yield workflows.wait_until_ended(platform.access, started, DEADLINE_S)


@when(parsers.re(r'automation submits the workflows that have the harness remove "(?P<name>[^"]+)" and deploy it again'))
def submit_both(platform: Platform, automation: ArgoServer, name: str) -> None:
    for verb in ("remove", "deploy"):
        with workflows.submitted(automation, platform.access, _asked(verb, name)) as started:
            ended = workflows.wait_until_ended(platform.access, started, DEADLINE_S)
            assert workflows.phase(ended) == "Succeeded", f"{verb}: {ended['status'].get('message')}"


@then("the run inside ends well")
def ends_well(run_inside: consumers.Ended) -> None:
    assert run_inside.is_well, run_inside.said


@then(parsers.re(r'the run inside ends badly and says "(?P<words>[^"]+)"'))
def ends_badly(run_inside: consumers.Ended, words: str) -> None:
    assert not run_inside.is_well, "it ended well"
    assert words in run_inside.said


@then(parsers.re(r'its report in object storage says that scenarios of "(?P<name>[^"]+)" passed'))
def report_kept(platform: Platform, inventory: Inventory, name: str) -> None:
    found = consumers.passed(inventory, platform.access, reports(platform.component(NAMESPACE)).name, name)
    assert found, "it says so of none"


@pytest.fixture
def runner_rights(platform: Platform) -> list[Right]:
    """What the account of the component may do; "" where nobody asked yet."""
    return rights(platform.api, platform.api.token(NAMESPACE, account("valkey")))


@then(parsers.re(r'the account that works on "(?P<name>[^"]+)" changes nothing of other components'))
def writes_there(platform: Platform, runner_rights: list[Right], name: str) -> None:
    own = {platform.component(name).namespace, SYSTEM_NAMESPACE}
    elsewhere = [right for right in runner_rights if not right.reads and right.namespace not in own and right.resource != "namespaces"]
    assert not elsewhere, elsewhere[:5]
    there = {right.resource for right in runner_rights if not right.reads and right.namespace == SYSTEM_NAMESPACE}
    assert there <= {"leases", "configmaps", "namespaces"}, there


@then("it reads no Secret of another component")
def reads_no_other(platform: Platform, runner_rights: list[Right]) -> None:
    read = {right.namespace for right in runner_rights if right.resource in ("secrets", "*")}
    assert read == {platform.component("valkey").namespace}


def _needing(platform: Platform, name: str) -> list[str]:
    return [other for other in platform.graph.dependants(name) if other not in (name, NAMESPACE)]


def _asked(verb: str, name: str) -> dict[str, object]:
    return {"workflowTemplateRef": {"name": template(name)}, "arguments": {"parameters": [{"name": "verb", "value": verb}]}}
