"""Access: people who sign in with a browser, are refused, are locked out, and sign out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pytest_bdd import given, parsers, then, when

from converge.components.keycloak.account import Account
from converge.components.keycloak.lockout import Lockout
from converge.components.keycloak.people import People, Person
from converge.components.keycloak.platform_realm import FAILURES
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.errors import Refused, ThinkubeError
from converge.inventory import Inventory
from converge.sso import LoginRequired, SessionEnded, Tokens

if TYPE_CHECKING:
    import requests


@pytest.fixture(scope="session")
def people(platform: Platform, inventory: Inventory) -> People:
    """The realm's throw-away people and where they sign in; asks nothing yet, or one bad moment would be every later scenario's."""
    return People(inventory, platform.access)


@pytest.fixture
def lockout(people: People, person: Person, inventory: Inventory) -> Lockout:
    """What Keycloak counts of wrong passwords for the person's account."""
    return Lockout(people.realm, person.identity, inventory.deadlines.component_s)


@given("a throw-away person", target_fixture="person")
def throwaway_person(people: People) -> Iterator[Person]:
    with people.person() as person:
        yield person


@given(parsers.re(r'a throw-away person in the group "(?P<group>[^"]+)"'), target_fixture="person")
def throwaway_member(people: People, group: str) -> Iterator[Person]:
    with people.person(groups=[group]) as person:
        yield person


@given("the platform's administrator", target_fixture="person")
def administrator(people: People) -> Person:
    return people.administrator()


@given("the person is signed in", target_fixture="tokens")
@when("the person signs in", target_fixture="tokens")
def sign_in(people: People, person: Person) -> Tokens:
    return people.kubernetes().sign_in(person.browser, person.credentials)


@when("the person opens another application", target_fixture="tokens")
def sign_in_silently(people: People, person: Person) -> Tokens:
    return people.kubernetes().sign_in(person.browser)


@when("the application renews the person's tokens", target_fixture="tokens")
def renew(people: People, tokens: Tokens) -> Tokens:
    return people.kubernetes().refresh(tokens)


@when("the person signs out")
def sign_out(people: People, person: Person, tokens: Tokens) -> None:
    people.kubernetes().sign_out(person.browser, tokens)


@given("an administrator disables the person")
def disable(people: People, person: Person) -> None:
    people.realm.admin.disable_user(person.identity)


@when("the person tries to sign in", target_fixture="refusal")
def try_to_sign_in(people: People, person: Person) -> ThinkubeError:
    with pytest.raises(ThinkubeError) as refusal:
        people.kubernetes().sign_in(person.browser, person.credentials)
    return refusal.value


@when("a stranger asks for an account", target_fixture="answer")
def ask_for_account(people: People) -> requests.Response:
    login = people.kubernetes().begin().url
    return people.http.get(login.replace("/openid-connect/auth?", "/openid-connect/registrations?"))


@when(parsers.re(r'the person writes the attribute "(?P<attribute>[^"]+)" into the own account'))
def write_own_attribute(people: People, person: Person, attribute: str) -> None:
    Account(people, person).write(**{attribute: ["consoleAdmin", "*:*"]})


@then(parsers.re(r'the person has no "(?P<attribute>[^"]+)"'))
def has_no_attribute(people: People, person: Person, attribute: str) -> None:
    seen = people.realm.user(person.name)
    assert seen
    assert attribute not in (seen.get("attributes") or {})


@then("the stranger is told that nobody registers here")
def nobody_registers(answer: requests.Response) -> None:
    assert (answer.status_code, "Registration not allowed" in answer.text) == (400, True), f"{answer.status_code}: a form to register"


@when("somebody tries the person's name with a wrong password", target_fixture="refusal")
def try_wrong_password(people: People, person: Person) -> ThinkubeError:
    with pytest.raises(ThinkubeError) as refusal:
        people.kubernetes().sign_in(person.browser, person.with_password("wrong"))
    return refusal.value


@given("wrong passwords have locked the person's account")
@when("somebody guesses the person's password again and again")
def guess_passwords(people: People, person: Person, lockout: Lockout) -> None:
    for guesses in range(1, FAILURES + 1):
        assert not lockout.failures().is_locked, f"locked after {guesses - 1} wrong passwords, wanted {FAILURES}"
        with pytest.raises(Refused):
            people.kubernetes().sign_in(person.browser, person.with_password(f"guess {guesses}"))
        lockout.wait_until_counted(guesses)


@when("an administrator unlocks the account")
def unlock(lockout: Lockout) -> None:
    lockout.unlock()


@when("the person is sent back to an address that the application never named", target_fixture="refusal")
def ask_for_other_address(people: People, person: Person) -> ThinkubeError:
    application = people.kubernetes()
    stranger = people.application(replace(application.client, redirect_uri="https://stranger.example/callback"))
    with pytest.raises(ThinkubeError) as refusal:
        stranger.sign_in(person.browser, person.credentials)
    return refusal.value


@when("the answer to another login is put into the person's browser", target_fixture="refusal")
def mix_up_logins(people: People, person: Person) -> ThinkubeError:
    application = people.kubernetes()
    begun, other = application.begin(), application.begin()
    callback = person.browser.visit(other.url, person.credentials, until=application.client.redirect_uri)
    with pytest.raises(ThinkubeError) as refusal:
        application.redeem(begun, callback)
    return refusal.value


@when("somebody redeems the person's code a second time", target_fixture="refusal")
def redeem_twice(people: People, person: Person) -> ThinkubeError:
    application = people.kubernetes()
    attempt = application.begin()
    callback = person.browser.visit(attempt.url, person.credentials, until=application.client.redirect_uri)
    application.redeem(attempt, callback)
    with pytest.raises(ThinkubeError) as refusal:
        application.redeem(attempt, callback)
    return refusal.value


@then(parsers.re(r'the person\'s tokens name the person and the group "(?P<group>[^"]+)"'))
def tokens_name_group(tokens: Tokens, person: Person, group: str) -> None:
    assert (tokens.claims["preferred_username"], tokens.claims.get("groups")) == (person.name, [group])


@then("the person's tokens name the person")
def tokens_name_person(tokens: Tokens, person: Person) -> None:
    assert tokens.claims["preferred_username"] == person.name


@then("the person is asked for the password again")
def asked_again(people: People, person: Person) -> None:
    with pytest.raises(LoginRequired):
        people.kubernetes().sign_in(person.browser)


@then("the tokens from before are worth nothing")
def tokens_ended(people: People, tokens: Tokens) -> None:
    with pytest.raises(SessionEnded):
        people.kubernetes().refresh(tokens)
    with pytest.raises(SessionEnded):
        people.kubernetes().userinfo(tokens)


@then("the person can sign in")
def can_sign_in(people: People, person: Person, inventory: Inventory) -> None:
    wait_until_served(people.http, people.issuer, inventory.deadlines.component_s)
    claims = people.kubernetes().sign_in(person.browser, person.credentials).claims
    assert claims["preferred_username"] == person.name


@then("not even the right password signs the person in")
def locked_out(people: People, person: Person, lockout: Lockout) -> None:
    with pytest.raises(Refused):
        people.kubernetes().sign_in(person.browser, person.credentials)
    assert lockout.failures().is_locked, f"{FAILURES} wrong passwords lock nobody out"


@when("an operator signs in to Keycloak's administration console", target_fixture="tokens")
def sign_in_to_console(platform: Platform, inventory: Inventory) -> Tokens:
    from converge.components.keycloak import administration

    return administration.console_login(inventory, platform.access)


@then("the operator may read the realm")
def may_read_realm(platform: Platform, inventory: Inventory, tokens: Tokens) -> None:
    from converge.components.keycloak import administration

    assert administration.realm_as(inventory, platform.access.http, tokens)["bruteForceProtected"] is True


@then("nobody without a login may")
def nobody_reads_realm(platform: Platform, inventory: Inventory) -> None:
    answer = platform.access.http.get(f"https://{inventory.host('auth')}/admin/realms/thinkube")
    assert answer.status_code == 401
