"""Secrets are made once, kept, copied to those who need them, and never shown."""

import base64

import pytest

from converge.errors import NotReady, Refused
from converge.kubernetes import secrets
from converge.kubernetes.objects import GeneratedSecret
from converge.redaction import redact

ADMIN = GeneratedSecret("keycloak", "keycloak-admin", {"username": "=admin", "password": "password", "token": "hex32"}, copies=("apps",))


@pytest.fixture
def api(fake_api):
    for name in ("keycloak", "apps"):
        fake_api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return fake_api.client()


def test_what_is_absent_is_made_with_its_copies(fake_api, api):
    done = secrets.ensure(api, "keycloak", [ADMIN])
    assert [str(change) for change in done] == ["create Secret keycloak/keycloak-admin", "create Secret apps/keycloak-admin"]
    original, copy = (fake_api.find("Secret", "keycloak-admin", namespace) for namespace in ("keycloak", "apps"))
    assert original["data"] == copy["data"]
    assert secrets.value(api, "keycloak", "keycloak-admin", "username") == "admin"
    assert len(secrets.value(api, "apps", "keycloak-admin", "password")) == 32
    assert len(bytes.fromhex(secrets.value(api, "apps", "keycloak-admin", "token"))) == 16
    assert copy["metadata"]["annotations"] == {secrets.ORIGINAL: "keycloak/keycloak-admin"}
    assert [obj["metadata"]["namespace"] for obj in secrets.every(api)] == ["apps", "keycloak"]


def test_what_exists_is_never_overwritten(fake_api, api):
    secrets.ensure(api, "keycloak", [ADMIN])
    before = secrets.value(api, "keycloak", "keycloak-admin", "password")
    fake_api.forget()
    assert secrets.changes(api, "keycloak", [ADMIN]) == []
    assert secrets.ensure(api, "keycloak", [ADMIN]) == []
    assert fake_api.writes == []
    assert secrets.value(api, "keycloak", "keycloak-admin", "password") == before


def test_looking_writes_nothing(fake_api, api):
    assert [str(change.ref) for change in secrets.changes(api.view(read_only=True), "keycloak", [ADMIN])] == [
        "Secret keycloak/keycloak-admin",
        "Secret apps/keycloak-admin",
    ]
    assert fake_api.writes == []


def test_a_key_that_is_new_is_added_and_the_others_kept(api):
    secrets.ensure(api, "keycloak", [ADMIN])
    before = secrets.value(api, "keycloak", "keycloak-admin", "password")
    more = GeneratedSecret("keycloak", "keycloak-admin", {**ADMIN.keys, "salt": "hex32"}, copies=("apps",))
    secrets.ensure(api, "keycloak", [more])
    assert secrets.value(api, "keycloak", "keycloak-admin", "password") == before
    assert secrets.value(api, "apps", "keycloak-admin", "salt") == secrets.value(api, "keycloak", "keycloak-admin", "salt")


def test_a_copy_follows_its_original(fake_api, api):
    secrets.ensure(api, "keycloak", [ADMIN])
    fake_api.edit("Secret", "keycloak-admin", "apps", {"data": {"password": base64.b64encode(b"other").decode()}})
    [change] = secrets.ensure(api, "keycloak", [ADMIN])
    assert str(change) == "change Secret apps/keycloak-admin: it is not as its original"
    assert secrets.value(api, "apps", "keycloak-admin", "password") == secrets.value(api, "keycloak", "keycloak-admin", "password")


def test_somebody_elses_secret_is_refused(fake_api, api):
    metadata = {"name": "keycloak-admin", "namespace": "keycloak"}
    fake_api.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "eA=="}})
    with pytest.raises(Refused, match="not one that was generated here"):
        secrets.ensure(api, "keycloak", [ADMIN])
    assert fake_api.find("Secret", "keycloak-admin", "keycloak")["data"] == {"password": "eA=="}


def test_a_missing_value_says_what_is_there(api):
    with pytest.raises(NotReady, match="no such Secret"):
        secrets.value(api, "keycloak", "none", "password")
    secrets.ensure(api, "keycloak", [ADMIN])
    with pytest.raises(NotReady, match="only the keys password, token, username"):
        secrets.value(api, "keycloak", "keycloak-admin", "pasword")


def test_values_that_were_read_or_made_are_redacted(api):
    secrets.ensure(api, "keycloak", [ADMIN])
    password = secrets.value(api, "keycloak", "keycloak-admin", "password")
    assert password not in redact(f"it is {password} and {base64.b64encode(password.encode()).decode()}")


def test_a_change_never_shows_a_value(api):
    [change, _] = secrets.ensure(api, "keycloak", [ADMIN])
    password = secrets.value(api, "keycloak", "keycloak-admin", "password")
    for text in (str(change), repr(change)):
        assert password not in text
        assert base64.b64encode(password.encode()).decode() not in text


def test_an_unknown_kind_of_value_is_refused(api):
    with pytest.raises(Refused, match="hex64"):
        secrets.make("hex64")


def test_every_kind_has_the_form_that_products_want() -> None:
    assert len(secrets.make("hex16")) == 16
    assert len(secrets.make("hex32")) == 32
    assert secrets.make("rsa-key").startswith("-----BEGIN RSA PRIVATE KEY-----")
    for _ in range(200):  # one of three hundred had no digit
        made = secrets.make("password")
        assert (len(made), made.isalnum(), made.islower(), made.isupper(), made.isalpha()) == (32, True, False, False, False)
    with pytest.raises(Refused, match="password, hex16"):
        secrets.make("rot13")
