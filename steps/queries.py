"""Queries: what administrators find in pgAdmin, and who does not come in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pytest_bdd import then, when

from converge.acceptance.browser import Window
from converge.acceptance.throwaway import ThrowawayPods
from converge.apis.pgadmin import PgAdmin
from converge.components.keycloak.people import People, Person
from converge.components.keycloak.realm import ADMINISTRATORS, REALM
from converge.components.pgadmin.server import NAME, PLATFORM, PORT, SERVICE, url
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S

Attach = Callable[..., None]

GROUP = "Servers"
STATEMENT = "SELECT current_user, current_setting('cluster_name') IS NOT NULL, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def signed_in(inventory: Inventory, person: Person) -> PgAdmin:
    person.browser.visit(f"{url(inventory)}/", person.credentials)
    # A pod that has just become ready is reached by the proxy a moment later.
    wait_until_served(person.browser.http, f"{url(inventory)}/misc/ping", COMES_S)
    return PgAdmin(person.browser.http, url(inventory))


@then("unfolding the servers shows the platform's")
def unfold_servers(window: Window, attach: Attach) -> None:
    window.unfold(GROUP)
    try:
        window.shows(PLATFORM)
    finally:
        attach("Servers", window.screenshot())


@when("the person runs a query in pgAdmin", target_fixture="answered")
def run_query(inventory: Inventory, person: Person) -> Sequence[Sequence[Any]]:
    pgadmin = signed_in(inventory, person)
    assert pgadmin.connect(GROUP, PLATFORM) == NAME
    return pgadmin.query(GROUP, PLATFORM, "postgres", STATEMENT, COMES_S)


@then("the query was answered by the platform's PostgreSQL to a role of pgAdmin's own")
def answered_right(answered: Sequence[Sequence[Any]]) -> None:
    assert [list(row) for row in answered] == [[NAME, True, True]]


@when("the person asks Keycloak's database for its realms in pgAdmin", target_fixture="answered")
def ask_for_realms(inventory: Inventory, person: Person) -> Sequence[Sequence[Any]]:
    pgadmin = signed_in(inventory, person)
    pgadmin.connect(GROUP, PLATFORM)
    return pgadmin.query(GROUP, PLATFORM, "keycloak", "SELECT name FROM realm", COMES_S)


@then("the answer names the platform's realm")
def names_realm(answered: Sequence[Sequence[Any]]) -> None:
    assert REALM in {name for (name,) in answered}


@when("the person makes a group of servers in pgAdmin", target_fixture="made")
def make_group(inventory: Inventory, person: Person) -> Iterator[str]:
    name, pgadmin = f"throw-away {secrets.token_hex(4)}", signed_in(inventory, person)
    pgadmin.make_group(name)
    assert name in pgadmin.groups()
    yield name
    pgadmin.remove_group(name)


@then("another administrator does not see that group")
def others_do_not(inventory: Inventory, people: People, made: str) -> None:
    with people.person(groups=[ADMINISTRATORS]) as other:
        groups = signed_in(inventory, other).groups()
        assert GROUP in groups
        assert made not in groups


@then("a program in the cluster that asks pgAdmin itself, in whose name ever, is refused")
def refused_past_the_proxy(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> None:
    (pod,) = throwaway_pods.on(platform.cluster().nodes[-1].name).values()
    for headers in ({}, {"X-Forwarded-Preferred-Username": inventory.admin_username}, {"Remote-User": inventory.admin_username}):
        said = throwaway_pods.fetch(pod, f"{SERVICE}.{NAME}.svc", PORT, "/browser/", headers)
        assert said == "only the login proxy may ask", said
