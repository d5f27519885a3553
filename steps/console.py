"""Console: MinIO's web pages, entered with the platform login, and what a person may do there."""

from __future__ import annotations

import pytest
from pytest_bdd import parsers, then, when

from converge.components.keycloak.people import Person
from converge.components.minio.login import console_url
from converge.components.minio_console.session import ConsoleSession
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.errors import ThinkubeError
from converge.inventory import Inventory
from converge.sso import Browser, LoginRefused, LoginRequired
from converge.waiting import COMES_S

NAME = "letters/hello.txt"
ELSEWHERE = "https://elsewhere.example"


@when("the person signs in to the console", target_fixture="console")
def sign_in(inventory: Inventory, person: Person) -> ConsoleSession:
    console = ConsoleSession(inventory, person.browser)
    console.open(person.credentials)
    return console


@when("the person signs in to the console and signs out again", target_fixture="console")
def sign_in_and_out(inventory: Inventory, person: Person) -> ConsoleSession:
    console = sign_in(inventory, person)
    console.close()
    return console


@when("the person tries to sign in to the console", target_fixture="refusal")
def try_to_sign_in(inventory: Inventory, person: Person) -> ThinkubeError:
    with pytest.raises(LoginRefused) as refusal:
        sign_in(inventory, person)
    return refusal.value


@then(parsers.re(r'the console says "(?P<text>[^"]+)"'))
def console_says(refusal: ThinkubeError, text: str) -> None:
    assert text in refusal.seen


@then("the console lists the object")
def console_lists(console: ConsoleSession, bucket: str) -> None:
    assert NAME in console.objects(bucket)


@then("the console takes an upload")
def console_writes(console: ConsoleSession, bucket: str) -> None:
    answer = console.upload(bucket, "uploaded.txt", b"hello")
    assert answer.status_code == 200, answer.text
    assert "uploaded.txt" in console.objects(bucket)


@then("the console refuses an upload")
def console_refuses(console: ConsoleSession, bucket: str) -> None:
    answer = console.upload(bucket, "uploaded.txt", b"hello")
    assert answer.status_code == 403, f"{answer.status_code} {answer.text}"
    assert "uploaded.txt" not in console.objects(bucket)


@then("the console asks the person for the password again")
def console_asks(console: ConsoleSession) -> None:
    with pytest.raises(LoginRequired):
        console.open(None)


def console_opens(platform: Platform, inventory: Inventory, person: Person) -> None:
    wait_until_served(platform.access.http, console_url(inventory), COMES_S)
    sign_in(inventory, person)


@then("the console sends a stranger to the platform login")
def stranger_sent_away(platform: Platform, inventory: Inventory) -> None:
    with pytest.raises(LoginRequired):
        ConsoleSession(inventory, Browser(platform.access.http)).open(None)
    assert platform.access.http.get(f"{console_url(inventory)}/api/v1/buckets").status_code == 403


@then("the console takes no access key")
def no_access_key(platform: Platform, inventory: Inventory) -> None:
    key = {"accessKey": "root", "secretKey": platform.access.secret("minio", "minio-root", "password")}
    answer = platform.access.http.post(f"{console_url(inventory)}/api/v1/login", json=key)
    assert (answer.status_code, answer.cookies.get_dict()) == (403, {})


@then("the console refuses a callback that answers no login")
def no_foreign_callback(platform: Platform, inventory: Inventory) -> None:
    answer = platform.access.http.get(f"{console_url(inventory)}/oauth_callback", params={"code": "any", "state": "A" * 26})
    assert (answer.status_code, answer.cookies.get_dict()) == (400, {})


@then("the console refuses what a page of another host sends")
def no_foreign_origin(platform: Platform, inventory: Inventory) -> None:
    answer = ConsoleSession(inventory, Browser(platform.access.http)).upload("thinkube", "a.txt", b"", origin=ELSEWHERE)
    assert (answer.status_code, "cross-origin" in answer.text) == (403, True)
