"""Documents: what people write into OpenSearch and find there, and who is refused."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from pytest_bdd import given, parsers, then, when

from converge.apis.opensearch import OpenSearch
from converge.components.keycloak.people import People, Person
from converge.components.opensearch import consumers
from converge.components.opensearch.server import ADMINISTRATOR_SECRET, NAMESPACE, as_administrator
from converge.engine.platform import Platform
from converge.errors import Refused, ThinkubeError
from converge.inventory import Inventory
from converge.sso import Tokens
from converge.sso.tampering import tampered

TEXT = "the lighthouse keeper counts ships"
WORD = "lighthouse"
READ, WRITTEN = "kept", "written"


@given("a throw-away index", target_fixture="index")
def throwaway_index(platform: Platform, inventory: Inventory) -> Iterator[str]:
    with consumers.index(inventory, platform.access) as index:
        yield index


@given("a throw-away index with a document", target_fixture="index")
def index_with_document(platform: Platform, inventory: Inventory) -> Iterator[str]:
    with consumers.index(inventory, platform.access) as index:
        as_administrator(inventory, platform.access).write(index, READ, {"text": TEXT})
        yield index


@when("the person signs in to OpenSearch", target_fixture="tokens")
def sign_in(people: People, person: Person) -> Tokens:
    return consumers.signed_in(people, person)


@when("the person writes a document into the index", target_fixture="searched")
def write_document(platform: Platform, inventory: Inventory, people: People, person: Person, index: str) -> OpenSearch:
    server = consumers.with_token(inventory, platform.access, consumers.signed_in(people, person).id_token)
    server.write(index, WRITTEN, {"text": TEXT})
    return server


@when(parsers.re("somebody asks OpenSearch with (?P<credentials>a wrong password|no credentials)"), target_fixture="refusal")
def ask_in_vain(platform: Platform, inventory: Inventory, credentials: str) -> ThinkubeError:
    with pytest.raises(ThinkubeError) as refusal:
        consumers.stranger(inventory, platform.access, credentials).who()
    return refusal.value


@then("the person finds the document by a word of it")
def found(searched: OpenSearch, index: str) -> None:
    assert searched.search(index, WORD) == [WRITTEN]
    assert searched.search(index, "submarine") == []


@then("nobody finds the document once the person has removed it")
def removed(platform: Platform, inventory: Inventory, searched: OpenSearch, index: str) -> None:
    searched.remove(index, WRITTEN)
    assert as_administrator(inventory, platform.access).search(index, WORD) == []


@then(parsers.re("OpenSearch lets the person (?P<words>.+)"))
def lets(platform: Platform, inventory: Inventory, person: Person, tokens: Tokens, index: str, words: str) -> None:
    server = consumers.with_token(inventory, platform.access, tokens.id_token)
    assert server.who()["user_name"] == person.name
    acts: dict[str, Callable[[], object]] = {
        "read": lambda: document_reads(server, index),
        "write": lambda: server.write(index, WRITTEN, {"text": "another"}),
        "administer": lambda: server.item("rolesmapping", "readall"),
    }
    assert {act for act, do in acts.items() if _is_let(do)} == {act for act in acts if act in words}


def _is_let(act: Callable[[], object]) -> bool:
    """Whether OpenSearch lets it happen; anything but a plain refusal is an error."""
    try:
        act()
    except Refused as refused:
        if not refused.seen.startswith("403"):
            raise
        return False
    return True


def document_reads(server: OpenSearch, index: str) -> None:
    assert server.document(index, READ) == {"text": TEXT}
    assert server.search(index, WORD) == [READ]


@then("OpenSearch believes neither a tampered token nor the access token")
def disbelieved(platform: Platform, inventory: Inventory, person: Person, tokens: Tokens) -> None:
    assert consumers.with_token(inventory, platform.access, tokens.id_token).who()["user_name"] == person.name
    forged = tampered(tokens.id_token, groups=["opensearch-admin"], jti=secrets.token_hex(8))
    for token in (forged, tokens.access_token):
        with pytest.raises(Refused, match="401"):
            consumers.with_token(inventory, platform.access, token).who()


@then("the files of OpenSearch hold a hash of the password and nowhere the password")
def hashed(platform: Platform) -> None:
    password = platform.access.secret(NAMESPACE, ADMINISTRATOR_SECRET, "password")
    assert consumers.files_with(platform.access, '"hash": "$2')
    assert consumers.files_with(platform.access, password) == []


@then("the port for servers presents a certificate of the platform")
def certified(platform: Platform) -> None:
    assert "Verification: OK" in consumers.handshake(platform.access, with_certificate=True)


@then("the port for servers refuses who brings none")
def refused_without(platform: Platform) -> None:
    assert "alert" in consumers.handshake(platform.access, with_certificate=False)
