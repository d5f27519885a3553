"""Jobs: what AWX starts, for whom, and what they said."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from converge.apis.awx import Awx
from converge.components.awx import consumers, server
from converge.components.awx.templates import VERBS
from converge.components.harness.served import served
from converge.components.keycloak.people import Person
from converge.engine.converger import Convergence
from converge.engine.platform import Platform
from converge.errors import ThinkubeError
from converge.inventory import Inventory
from steps.images import refusal_of

JOB_S = 3600
"""A job converges a component and what it requires, before it verifies it."""


@pytest.fixture
def automation_at_awx(platform: Platform, inventory: Inventory) -> Awx:
    """AWX as programs of the platform's see it."""
    return server.as_administrator(inventory, platform.access)


@given(parsers.re(r'the operator has converged "(?P<name>[^"]+)" since the person joined'))
def converged_since(convergence: Convergence, name: str) -> None:
    convergence.again(name)


@when("the person signs in to AWX", target_fixture="awx")
def sign_in(inventory: Inventory, person: Person) -> Awx:
    return consumers.signed_in(inventory, person.browser, person.credentials)


@when("the person tries to sign in to AWX", target_fixture="refusal")
def try_to_sign_in(inventory: Inventory, person: Person) -> ThinkubeError | None:
    return refusal_of(lambda: consumers.signed_in(inventory, person.browser, person.credentials))


@then("AWX lets the person administer it")
def administers(awx: Awx, person: Person) -> None:
    who = awx.who()
    assert (who["username"], who["is_superuser"]) == (person.name, True)


@then("AWX does not let the person administer it")
def administers_not(awx: Awx, person: Person) -> None:
    who = awx.who()
    assert (who["username"], who["is_superuser"]) == (person.name, False)


@when("a stranger asks AWX for its job templates", target_fixture="refusal")
def ask_as_stranger(platform: Platform, inventory: Inventory) -> ThinkubeError | None:
    return refusal_of(lambda: Awx(platform.access.http, server.url(inventory), None).items("job_templates"))


@then("AWX has a job template to deploy, verify and remove each of them")
def has_templates(platform: Platform, automation_at_awx: Awx) -> None:
    optional = [one.name for one in served(platform.inventory)]
    assert optional
    wanted = {f"{verb} {name}" for verb in VERBS for name in optional}
    assert wanted <= {one["name"] for one in automation_at_awx.items("job_templates")}


@when(parsers.re(r'automation starts the job "(?P<name>[^"]+)" of AWX'), target_fixture="job")
def start(automation_at_awx: Awx, name: str) -> dict[str, Any]:
    template = automation_at_awx.find("job_templates", name)
    assert template, f"there is no job template {name}"
    return consumers.wait_until_ended(automation_at_awx, automation_at_awx.launch(template["id"]), JOB_S)


@then("the job succeeds")
def succeeds(automation_at_awx: Awx, job: dict[str, Any]) -> None:
    assert job["status"] == "successful", automation_at_awx.output(job["id"])


@then(parsers.re(r'its output shows scenarios of "(?P<name>[^"]+)"'))
def shows(automation_at_awx: Awx, job: dict[str, Any], name: str) -> None:
    assert f"{name}.feature" in automation_at_awx.output(job["id"])
