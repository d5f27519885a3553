"""Notebooks: people's own servers, what runs in them, what stays, and who may not come in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance import workload_faults
from converge.acceptance.rights import Right
from converge.apis.jupyterhub import Hub
from converge.components.jupyterhub import consumers
from converge.components.jupyterhub.consumers import FILE, START_S, TEXT
from converge.components.jupyterhub.server import SIGN_ON, url
from converge.components.keycloak.people import People, Person
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.engine.platform import Platform
from converge.errors import Refused
from converge.inventory import Inventory
from converge.kubernetes.equality import quantity
from converge.sso import Browser, LoginRequired


@pytest.fixture
def hub(platform: Platform, inventory: Inventory, person: Person) -> Iterator[Hub]:
    """JupyterHub as the person's program asks it."""
    with consumers.signed_in(inventory, platform.access, person) as made:
        yield made


@given("the person's notebook server has been started")
@when("the person's notebook server is started")
def start(hub: Hub) -> None:
    hub.start(START_S)


@given("the person has written a file in a notebook server")
def write_file(hub: Hub) -> None:
    hub.start(START_S)
    hub.write(FILE, TEXT)


@when("the person runs a cell in a notebook server", target_fixture="printed")
def run_cell(platform: Platform, inventory: Inventory, hub: Hub) -> str:
    hub.start(START_S)
    connect = partial(consumers.channel, inventory, platform.cluster().ingress_address, platform.ca_pem())
    return hub.run(consumers.CELL, connect, START_S)


@then("the cell has printed its answer")
def printed_right(printed: str) -> None:
    assert printed == consumers.PRINTED


@when("the person's server is ended and started again")
def start_again(hub: Hub) -> None:
    hub.stop(START_S)
    hub.start(START_S)


@then("the person's file reads as it was")
def file_reads(hub: Hub) -> None:
    assert hub.read(FILE) == TEXT


@when("another person asks for the file", target_fixture="refusal")
def ask_for_file(platform: Platform, inventory: Inventory, people: People, hub: Hub) -> Refused:
    with people.person() as other, consumers.signed_in(inventory, platform.access, other) as others, pytest.raises(Refused) as refusal:
        others.read(FILE, of=hub.name)
    return refusal.value


@when("the person comes to JupyterHub")
def come(hub: Hub) -> None:
    hub.person()


@then("JupyterHub knows the person as an administrator")
def is_administrator(hub: Hub) -> None:
    assert hub.person()["admin"]


@then("it knows another person as none")
def is_none(platform: Platform, inventory: Inventory, people: People) -> None:
    with people.person() as other, consumers.signed_in(inventory, platform.access, other) as others:
        assert not others.person()["admin"]


@then("the server's pod is bounded and unprivileged")
def pod_bounded(platform: Platform, hub: Hub) -> None:
    pods = consumers.owned(platform.access, "Pod", hub.name)
    assert len(pods) == 1
    assert not workload_faults.without_resources(pods)
    assert not workload_faults.as_root(pods)


@then("it holds no token of the cluster")
def without_token(platform: Platform, hub: Hub) -> None:
    (pod,) = consumers.owned(platform.access, "Pod", hub.name)
    assert pod["spec"]["automountServiceAccountToken"] is False


@then("an administrator's gets more memory")
def more_memory(platform: Platform, inventory: Inventory, people: People, hub: Hub) -> None:
    with people.person(groups=[ADMINISTRATORS]) as other, consumers.signed_in(inventory, platform.access, other) as others:
        others.start(START_S)
        limits = [_memory(platform, name) for name in (hub.name, others.name)]
        assert limits == [1 << 30, 4 << 30]


def _memory(platform: Platform, name: str) -> int:
    (pod,) = consumers.owned(platform.access, "Pod", name)
    return int(quantity(pod["spec"]["containers"][0]["resources"]["limits"]["memory"]) or 0)


@then("JupyterHub sends a stranger to the platform login")
def stranger_sent_away(platform: Platform, inventory: Inventory) -> None:
    with pytest.raises(LoginRequired):
        Browser(platform.access.http).visit(f"{url(inventory)}{SIGN_ON}", None)
    assert platform.access.http.get(f"{url(inventory)}/hub/api/users", allow_redirects=False).status_code == 403


@then(parsers.re(r'it may write nothing outside "(?P<name>[^"]+)"'))
def writes_here_only(platform: Platform, account_rights: list[Right], name: str) -> None:
    here = platform.component(name).namespace
    assert not [right for right in account_rights if not right.reads and right.namespace != here]
    assert {right.resource for right in account_rights if not right.reads} == {"pods", "persistentvolumeclaims"}
