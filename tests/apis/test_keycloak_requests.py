"""What reaches Keycloak through python-keycloak is what was sent before it, request for request: keycloak_requests.yaml is the table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from fake_keycloak import URL, FakeKeycloak

from converge.apis.keycloak import Keycloak, Realm
from converge.components.keycloak import recovery
from converge.components.keycloak.lockout import Lockout
from converge.components.keycloak.people import People
from converge.components.keycloak.settings import Client, ClientScope, Group, Person, RealmItself, UserProfile, mapper
from converge.inventory import Inventory
from steps.access import disable

TABLE = Path(__file__).with_name("keycloak_requests.yaml")
BEFORE: dict[str, list[dict[str, Any]]] = yaml.safe_load(TABLE.read_text())
ADMINISTRATOR = {"username": "tkadmin", "password": "n"}


class Acts:
    """Everything that is done in a realm, one after another, and what each act asked of the server."""

    def __init__(self) -> None:
        self.server = FakeKeycloak()
        self.realm: Realm = Keycloak(self.server, URL, "admin", lambda: "right").realm("thinkube")  # type: ignore[arg-type]
        self.sent: dict[str, list[dict[str, Any]]] = {}

    def do(self, name: str, act: Callable[[], object]) -> None:
        self.server.asked.clear()
        act()
        self.sent[name] = [_row(one.method, one.path, one.query, one.body) for one in self.server.asked]

    def spoil(self, kind: str, name: str) -> None:
        """Somebody changes the first mapper of a client or a client scope, and removes the others."""
        item = self.server.find(kind, name)
        item["protocolMappers"] = [item["protocolMappers"][0] | {"config": {"claim.name": "z"}}]

    def age(self) -> None:
        """Everybody's password is an old one, with a second factor beside it."""
        kept = [{"id": "p", "type": "password", "createdDate": 0}, {"id": "o", "type": "otp"}]
        self.server.passwords = {user: list(kept) for user in self.server.passwords}


@pytest.fixture(scope="module")
def sent() -> dict[str, list[dict[str, Any]]]:
    acts = Acts()
    _settings(acts)
    _ways_back(acts)
    _scenarios(acts)
    return acts.sent


@pytest.mark.parametrize("name", BEFORE)
def test_an_act_sends_what_it_sent_before(sent: dict[str, list[dict[str, Any]]], name: str) -> None:
    assert sent[name] == [row for one in BEFORE[name] if (row := _wanted(one))]


def test_every_act_stands_in_the_table(sent: dict[str, list[dict[str, Any]]]) -> None:
    assert sent.keys() == BEFORE.keys()


def _settings(acts: Acts) -> None:
    here, server, kind = acts.realm, acts.server, mapper("kind", claim_name="a")
    itself = RealmItself(here, {"enabled": True})
    for name, act in {"absent": itself.differences, "create": itself.create, "read": itself.read}.items():
        acts.do(f"realm {name}", act)
    acts.do("realm replace", lambda: itself.replace({}))
    profile = UserProfile(here, {"unmanagedAttributePolicy": "ENABLED"})
    acts.do("profile read", profile.read)
    acts.do("profile replace", profile.write)
    group = Group(here, "cluster-admins", {"policy": ["x"]})
    for name, act in {"create": group.create, "read": group.read, "replace": group.write}.items():
        acts.do(f"group {name}", act)
    scope = ClientScope(here, "groups", {"a": kind, "b": kind})
    acts.do("scope create", scope.create)
    acts.do("scope read", scope.read)
    acts.spoil("client-scopes", "groups")
    server.defaults.clear()
    acts.do("scope replace", scope.write)
    client = Client(here, {"clientId": "app", "attributes": {"x": "y"}, "mappers": {"a": kind, "b": kind}, "scopes": {"groups": True}})
    acts.do("client create", client.create)
    acts.do("client read", client.read)
    acts.spoil("clients", "app")
    server.find("clients", "app")["defaultClientScopes"].clear()
    acts.do("client replace", client.write)
    acts.do("client remove", client.remove)
    acts.do("client remove again", client.remove)
    wanted = {"username": "tkadmin", "enabled": True}
    person = Person(here, wanted, groups=["cluster-admins"], password=lambda: "p", since=lambda: 3000.0)
    acts.do("person create", person.create)
    acts.do("person read", person.read)
    server.memberships = {user: set() for user in server.memberships}
    acts.age()
    acts.do("person replace", person.write)


def _ways_back(acts: Acts) -> None:
    acts.do("write password", lambda: recovery.write_password(acts.realm, ADMINISTRATOR))
    acts.age()
    acts.do("restore", lambda: recovery._restore(acts.realm, ADMINISTRATOR))
    acts.do("restore absent", lambda: recovery._restore(acts.realm, ADMINISTRATOR | {"username": "admin"}))
    acts.do("leftovers", lambda: recovery.leftovers(acts.realm))
    account = Lockout(acts.realm, "7", 1)
    acts.do("failures", account.failures)
    acts.do("unlock", account.unlock)


def _scenarios(acts: Acts) -> None:
    access: Any = SimpleNamespace(http=acts.server, secret=lambda *names: "-".join(names))
    people = People(Inventory(), access)
    people.realm = acts.realm
    people.__dict__["provider"] = None  # nobody signs in

    def somebody() -> None:
        with people.person(groups=["cluster-admins"]):
            pass

    def application() -> None:
        with people.application_for_kubernetes(30) as made:
            people.lengthen(made, 60)

    acts.do("throwaway person", somebody)
    acts.do("throwaway application", application)
    with people.person() as person:
        acts.do("disable", lambda: disable(people, person))


def _wanted(one: dict[str, Any]) -> dict[str, Any] | None:
    """A row of the table as the library sends it; None for what it need not ask."""
    if one.get("library") == "not asked":
        return None
    return {key: one[key] for key in ("ask", "body") if key in one} | one.get("library", {})


def _row(method: str, path: str, query: Any, body: Any) -> dict[str, Any]:
    """A request as the table has it, with its own names for what is made up anew each time."""
    question = f"?{urlencode(sorted(query.items()))}" if query else ""
    row = {"ask": f"{method} {path or '.'}{question}"} | ({} if body is None else {"body": body})
    known = re.sub(r"throw-away-[0-9a-f]{8}", "throw-away-x", json.dumps(row))
    return json.loads(re.sub(r'("value": )"[\w-]{32}"', r'\1"p"', known))  # type: ignore[no-any-return]
