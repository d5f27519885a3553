"""A realm's settings: nothing is written where nothing differs, what is absent is made, what others added stays."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from fake_keycloak import URL, FakeKeycloak

from converge.apis.keycloak import Keycloak
from converge.components.keycloak.component import Keycloak as KeycloakComponent
from converge.components.keycloak.oidc_client import ConfidentialClient
from converge.components.keycloak.platform_realm import PlatformRealm
from converge.components.keycloak.settings import mapper
from converge.components.terms import Setting
from converge.inventory import Inventory


@pytest.fixture
def here() -> FakeKeycloak:
    return FakeKeycloak()


@pytest.fixture
def wanted(here: FakeKeycloak, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Setting]]:
    kept = {"metadata": {"creationTimestamp": "1970-01-01T00:30:00Z"}}
    api = SimpleNamespace(get=lambda *_: kept, kept=kept)
    access: Any = SimpleNamespace(secret=lambda *names: "-".join(names), api=lambda: api)
    context: Any = SimpleNamespace(inventory=Inventory())
    seen = Keycloak(here, URL, "admin", lambda: "right").realm("thinkube")  # type: ignore[arg-type]
    for module in ("platform_realm", "oidc_client"):
        monkeypatch.setattr(f"converge.components.keycloak.{module}.realm", lambda *_: seen)
    policy = mapper("oidc-usermodel-attribute-mapper", user_attribute="policy", claim_name="policy", multivalued=True)

    def settings() -> list[Setting]:
        owner: Any = SimpleNamespace(name="app", namespace="app", inventory=Inventory())
        app = ConfidentialClient(owner, redirect_uris=["https://app/callback"], mappers={"policy": policy})
        return [*PlatformRealm(KeycloakComponent(Inventory())).settings(context, access), app.setting(context, access)]

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


def test_everything_that_is_absent_is_made_once(here: FakeKeycloak, wanted: Callable[[], list[Setting]]) -> None:
    assert len(write_all(wanted())) == 6
    here.asked.clear()
    assert write_all(wanted()) == []
    assert here.writes == []


def test_a_client_made_later_has_the_groups_scope(here: FakeKeycloak, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    assert here.find("clients", "app")["defaultClientScopes"] == ["groups"]


def change_realm(here: FakeKeycloak) -> None:
    here.itself["bruteForceProtected"] = False  # type: ignore[index]


def remove_mapper(here: FakeKeycloak) -> None:
    here.find("client-scopes", "groups")["protocolMappers"].clear()


def unset_default(here: FakeKeycloak) -> None:
    here.defaults.clear()


def open_redirect(here: FakeKeycloak) -> None:
    here.find("clients", "app")["redirectUris"] = ["https://app/callback", "https://evil/*"]


def change_secret(here: FakeKeycloak) -> None:
    here.find("clients", "app")["secret"] = "another"


def change_mapper(here: FakeKeycloak) -> None:
    here.find("clients", "app")["protocolMappers"][0]["config"]["claim.name"] = "other"


def take_scope(here: FakeKeycloak) -> None:
    here.find("clients", "app")["defaultClientScopes"].clear()


def leave_group(here: FakeKeycloak) -> None:
    here.memberships.update({person: set() for person in here.memberships})


def disable_person(here: FakeKeycloak) -> None:
    here.find("users", "tkadmin")["enabled"] = False


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


def test_what_others_added_stays(here: FakeKeycloak, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    client, person = here.find("clients", "app"), here.find("users", "tkadmin")
    client |= {"description": "by hand", "enabled": False}
    person |= {"attributes": {"theme": ["dark"]}, "enabled": False}
    client["protocolMappers"].append({"id": "x", "name": "theirs"})
    write_all(wanted())
    assert (client["description"], person["attributes"], len(client["protocolMappers"])) == ("by hand", {"theme": ["dark"]}, 2)


def test_a_client_secret_shows_in_no_difference(here: FakeKeycloak, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    change_secret(here)
    shown = str([setting.differences() for setting in wanted()])
    assert "client-secret" not in shown
    assert "another" in shown


@pytest.mark.parametrize(
    "change", [lambda here: None, change_realm, remove_mapper, change_secret, leave_group], ids=lambda value: value.__name__
)
def test_looking_for_differences_writes_nothing(
    here: FakeKeycloak, wanted: Callable[[], list[Setting]], change: Callable[[FakeKeycloak], None]
) -> None:
    assert all(setting.differences() for setting in wanted()[:1])
    assert here.writes == []
    write_all(wanted())
    change(here)
    here.asked.clear()
    for setting in wanted():
        setting.differences()
    assert here.writes == []


def test_a_password_that_the_person_changed_is_the_persons_own(here: FakeKeycloak, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    here.now_ms += 60_000
    (user,) = here.passwords
    here.passwords[user] = [{"type": "password", "createdDate": here.now_ms}]
    assert write_all(wanted()) == []


def test_a_secret_that_was_lost_and_made_anew_is_told_to_the_realm_once(here: FakeKeycloak, wanted: Callable[[], list[Setting]]) -> None:
    write_all(wanted())
    wanted.secret["creationTimestamp"] = "1970-01-01T00:40:00Z"  # type: ignore[attr-defined]
    here.now_ms = 2_401_000
    assert write_all(wanted()) == ["user tkadmin of realm thinkube"]
    assert [one["value"] for kept in here.passwords.values() for one in kept] == ["keycloak-realm-admin-password"]
    assert write_all(wanted()) == []
