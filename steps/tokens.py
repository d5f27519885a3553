"""Tokens: what they open at the Kubernetes API server, and what a wrong, tampered or expired one does not."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance import bearer
from converge.components.keycloak.people import People, Person
from converge.engine.platform import Platform
from converge.errors import ThinkubeError, Unavailable
from converge.sso import RelyingParty, Tokens
from converge.sso.tampering import tampered

NOT_OURS = (
    "whether this cluster's API server accepts them is its owner's business, and cannot be seen from here; "
    "`thinkube cluster authentication` prints what it needs, docs/how-to/existing-cluster.md where that goes"
)
LIFETIME_S = 2
LONG_S = 300


@given("the API server trusts the realm")
def api_server_trusts(platform: Platform) -> None:
    if not platform.cluster().read_authentication():
        raise Unavailable("people's tokens at the API server", seen=NOT_OURS)


@given("a throw-away application whose tokens last a moment", target_fixture="application")
def short_lived_application(people: People) -> Iterator[RelyingParty]:
    with people.application_for_kubernetes(LIFETIME_S) as application:
        yield application


@given("a throw-away application whose tokens are all for the API server", target_fixture="application")
def application_for_kubernetes(people: People) -> Iterator[RelyingParty]:
    with people.application_for_kubernetes(LONG_S) as application:
        yield application


@when("the person signs in to that application", target_fixture="tokens")
def sign_in_to_application(person: Person, application: RelyingParty) -> Tokens:
    return application.sign_in(person.browser, person.credentials)


@when("the person lists the cluster's nodes", target_fixture="answer")
def list_nodes(platform: Platform, tokens: Tokens) -> bearer.Answer:
    return bearer.nodes(platform.api, tokens.id_token)


@when("somebody writes another name into the person's token", target_fixture="tokens")
def tamper(people: People, tokens: Tokens) -> Tokens:
    forged = tampered(tokens.id_token, preferred_username=people.administrator().name, groups=["cluster-admins"])
    return Tokens(forged, tokens.access_token, tokens.refresh_token, tokens.claims)


@given("a token of that application opens the API server")
def short_lived_token_accepted(platform: Platform, people: People, person: Person, application: RelyingParty) -> None:
    lifetime_s = LIFETIME_S
    tokens = application.sign_in(person.browser, person.credentials)
    while (answer := bearer.nodes(platform.api, tokens.id_token)).status != 200:
        assert time.time() >= tokens.claims["exp"], answer  # refused while it was valid
        lifetime_s *= 2  # it was over before it could be tried: a slow machine needs one that lasts longer
        people.lengthen(application, lifetime_s)
        tokens = application.sign_in(person.browser)


@when("the person keeps another one until it has expired", target_fixture="tokens")
def outlive(person: Person, application: RelyingParty) -> Tokens:
    tokens = application.sign_in(person.browser)  # another one: the API server remembers for ten seconds whom it has let in
    bearer.wait_until_over(tokens.claims["exp"])
    return tokens


@when(parsers.re(r"a program asks the token endpoint with (?P<which>the person\'s|a wrong) password"), target_fixture="granted")
def ask_token_endpoint(people: People, person: Person, which: str) -> str:
    credentials = person.credentials if which.startswith("the person") else person.with_password("wrong")
    return bearer.password_grant(people.http, people.provider, credentials)


@then("the API server shows every node")
def nodes_shown(platform: Platform, answer: bearer.Answer) -> None:
    assert (answer.status, answer.names) == (200, sorted(node.name for node in platform.cluster().nodes))


@then("the API server knows the person and says that this is forbidden")
def nodes_forbidden(person: Person, answer: bearer.Answer) -> None:
    assert answer.status == 403
    assert f'"oidc:{person.name}"' in answer.message


@then("the API server does not know whose token this is")
def token_unknown(platform: Platform, tokens: Tokens) -> None:
    assert bearer.nodes(platform.api, tokens.id_token).status == 401


@then("the API server takes the ID token for a login, and not the access token")
def access_token_unknown(platform: Platform, tokens: Tokens) -> None:
    assert bearer.nodes(platform.api, tokens.id_token).status == 200
    assert bearer.nodes(platform.api, tokens.access_token).status == 401


@then("no application believes the token")
def token_disbelieved(people: People, tokens: Tokens) -> None:
    with pytest.raises(ThinkubeError, match="ID token"):
        people.kubernetes().verify(tokens.id_token)


@then(parsers.re(r'it is told "(?P<word>[^"]+)"'))
def told(granted: str, word: str) -> None:
    assert granted == word
