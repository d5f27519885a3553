"""A realm's settings: nothing is written where nothing differs, what is absent is made, what others added stays."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from converge.components.component import Setting
from converge.components.keycloak import oidc_client, realm
from converge.components.keycloak.settings import mapper
from converge.errors import Refused
from converge.inventory import Inventory

LISTS = {"clients": "clientId", "groups": "name", "users": "username", "client-scopes": "name"}


class FakeRealm:
    """The part of Keycloak that settings use, with its habits: mappers by an endpoint of their own, passwords never read back."""

    name = "thinkube"

    def __init__(self) -> None:
        self.itself: dict[str, Any] | None = None
        self.profile: dict[str, Any] = {"attributes": [{"name": "username"}]}
        self.items: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in LISTS}
        self.defaults: set[str] = set()
        self.memberships: dict[str, set[str]] = {}
        self.writes: list[str] = []
        self.passwords: dict[str, list[dict[str, Any]]] = {}
        self.now_ms = 2_000_000
        self._numbers = itertools.count()

    def read(self, path: str = "", **query: str) -> Any:
        match path.split("/"):
            case [""]:
                return self.itself
            case ["users", "profile"]:
                return self.profile
            case ["users", user, "groups"]:
                return [self.items["groups"][group] for group in self.memberships.get(user, ())]
            case ["users", user, "credentials"]:
                return self.passwords[user]
            case ["default-default-client-scopes"]:
                return [self.items["client-scopes"][scope] for scope in self.defaults]
            case [kind]:
                return list(self.items[kind].values())
        raise AssertionError(path)

    def find(self, path: str, *, options: Any = None, **fields: str) -> dict[str, Any] | None:
        return next((item for item in self.read(path) if all(item.get(key) == value for key, value in fields.items())), None)

    def create(self, path: str, body: dict[str, Any]) -> str:
        self.writes.append(f"create {path}")
        body = copy.deepcopy(body)
        identity = f"{next(self._numbers)}"
        if path.endswith("/protocol-mappers/models"):
            kind, owner, *_ = path.split("/")
            self.items[kind][owner].setdefault("protocolMappers", []).append(body | {"id": identity})
            return identity
        made = {key: value for key, value in body.items() if key not in ("credentials", "groups")} | {"id": identity}
        for number, item in enumerate(made.get("protocolMappers", ())):
            item["id"] = f"{identity}-{number}"
        if path == "clients":
            made["defaultClientScopes"] = [self.items["client-scopes"][scope]["name"] for scope in self.defaults]
        if path == "users":
            made["createdTimestamp"] = self.now_ms
            self.passwords[identity] = [{"type": "password", "createdDate": self.now_ms}]
            self.memberships[identity] = {item["id"] for item in self.read("groups") if f"/{item['name']}" in body.get("groups", ())}
        self.items[path][identity] = made
        return identity

    def create_itself(self, body: dict[str, Any]) -> None:
        self.writes.append("create realm")
        self.itself = dict(body)

    def replace(self, path: str, body: Any = None) -> None:
        self.writes.append(f"replace {path}")
        body = copy.deepcopy(body)
        match path.split("/"):
            case [""]:
                self.itself = (self.itself or {}) | body
            case ["users", "profile"]:
                self.profile = body
            case ["users", user, "groups", group]:
                self.memberships[user].add(group)
            case ["users", user, "reset-password"]:
                self.passwords[user] = [{"type": "password", "createdDate": self.now_ms, "value": body["value"]}]
            case ["default-default-client-scopes", scope]:
                if scope in self.defaults:
                    raise Refused("a default scope", seen="409 Conflict: Duplicate resource error")
                self.defaults.add(scope)
            case ["clients", client, "default-client-scopes", scope]:
                self.items["clients"][client]["defaultClientScopes"].append(self.items["client-scopes"][scope]["name"])
            case [kind, owner, "protocol-mappers", "models", identity]:
                mappers = self.items[kind][owner]["protocolMappers"]
                mappers[[item["id"] for item in mappers].index(identity)] = body
            case [kind, identity]:
                self.items[kind][identity] |= body
            case _:
                raise AssertionError(path)


@pytest.fixture
def here() -> FakeRealm:
    return FakeRealm()


@pytest.fixture
def wanted(here: FakeRealm) -> Callable[[], list[Setting]]:
    kept = {"metadata": {"creationTimestamp": "1970-01-01T00:30:00Z"}}
    api = SimpleNamespace(get=lambda *_: kept, kept=kept)
    access: Any = SimpleNamespace(secret=lambda *names: "-".join(names), api=lambda: api)
    policy = mapper("oidc-usermodel-attribute-mapper", user_attribute="policy", claim_name="policy", multivalued=True)

    def settings() -> list[Setting]:
        app = oidc_client.confidential(here, "app", "app", access, redirect_uris=["https://app/callback"], mappers={"policy": policy})  # type: ignore[arg-type]
        return [*realm.settings(Inventory(), here, access), app]  # type: ignore[arg-type]

    settings.secret = kept["metadata"]  # type: ignore[attr-defined]
    return settings


def write_all(settings: list[Setting]) -> list[str]:
    written = []
    for setting in settings:
        if setting.differences():
            setting.write()
            written.append(setting.subject)
            assert not setting.differences()
    return written


def test_everything_that_is_absent_is_made_once(here: FakeRealm, wanted: Callable[[], list[Setting]]) -> None:
    assert len(write_all(wanted())) == 6
    here.writes.clear()
    assert write_all(wanted()) == []
    assert here.writes == []


def test_a_client_made_later_has_the_groups_scope(here: FakeRealm, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    assert here.find("clients", clientId="app")["defaultClientScopes"] == ["groups"]  # type: ignore[index]


def change_realm(here: FakeRealm) -> None:
    here.itself["bruteForceProtected"] = False  # type: ignore[index]


def remove_mapper(here: FakeRealm) -> None:
    here.find("client-scopes", name="groups")["protocolMappers"].clear()  # type: ignore[index]


def unset_default(here: FakeRealm) -> None:
    here.defaults.clear()


def open_redirect(here: FakeRealm) -> None:
    here.find("clients", clientId="app")["redirectUris"] = ["https://app/callback", "https://evil/*"]  # type: ignore[index]


def change_secret(here: FakeRealm) -> None:
    here.find("clients", clientId="app")["secret"] = "another"  # type: ignore[index]


def change_mapper(here: FakeRealm) -> None:
    here.find("clients", clientId="app")["protocolMappers"][0]["config"]["claim.name"] = "other"  # type: ignore[index]


def take_scope(here: FakeRealm) -> None:
    here.find("clients", clientId="app")["defaultClientScopes"].clear()  # type: ignore[index]


def leave_group(here: FakeRealm) -> None:
    here.memberships.update({person: set() for person in here.memberships})


def disable_person(here: FakeRealm) -> None:
    here.find("users", username="tkadmin")["enabled"] = False  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        (change_realm, "realm thinkube"),
        (remove_mapper, "client scope groups of realm thinkube"),
        (unset_default, "client scope groups of realm thinkube"),
        (open_redirect, "client app of realm thinkube"),
        (change_secret, "client app of realm thinkube"),
        (change_mapper, "client app of realm thinkube"),
        (take_scope, "client app of realm thinkube"),
        (leave_group, "user tkadmin of realm thinkube"),
        (disable_person, "user tkadmin of realm thinkube"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_somebody_changed_is_named_and_put_right(here, wanted, change, subject) -> None:
    write_all(wanted())
    change(here)
    differing = [setting for setting in wanted() if setting.differences()]
    assert [setting.subject for setting in differing] == [subject]
    assert write_all(wanted()) == [subject]


def test_what_others_added_stays(here: FakeRealm, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    client, person = here.find("clients", clientId="app"), here.find("users", username="tkadmin")
    assert client is not None
    assert person is not None
    client |= {"description": "by hand", "enabled": False}
    person |= {"attributes": {"theme": ["dark"]}, "enabled": False}
    client["protocolMappers"].append({"id": "x", "name": "theirs"})
    write_all(wanted())
    assert (client["description"], person["attributes"], len(client["protocolMappers"])) == ("by hand", {"theme": ["dark"]}, 2)


def test_a_client_secret_shows_in_no_difference(here: FakeRealm, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    change_secret(here)
    shown = str([setting.differences() for setting in wanted()])
    assert "client-secret" not in shown
    assert "another" in shown


@pytest.mark.parametrize(
    "change", [lambda here: None, change_realm, remove_mapper, change_secret, leave_group], ids=lambda value: value.__name__
)
def test_looking_for_differences_writes_nothing(
    here: FakeRealm, wanted: Callable[[], list[Setting]], change: Callable[[FakeRealm], None]
) -> None:
    assert all(setting.differences() for setting in wanted()[:1])
    assert here.writes == []
    write_all(wanted())
    change(here)
    here.writes.clear()
    for setting in wanted():
        setting.differences()
    assert here.writes == []


def test_a_password_that_the_person_changed_is_the_persons_own(here: FakeRealm, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    here.now_ms += 60_000
    (user,) = here.passwords
    here.passwords[user] = [{"type": "password", "createdDate": here.now_ms}]
    assert write_all(wanted()) == []


def test_a_secret_that_was_lost_and_made_anew_is_told_to_the_realm_once(here: FakeRealm, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    wanted.secret["creationTimestamp"] = "1970-01-01T00:40:00Z"  # type: ignore[attr-defined]
    here.now_ms = 2_401_000
    assert write_all(wanted()) == ["user tkadmin of realm thinkube"]
    assert [one["value"] for kept in here.passwords.values() for one in kept] == ["keycloak-realm-admin-password"]
    assert write_all(wanted()) == []
