"""Keys: what Valkey keeps, for whom, how long, and who is refused."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from pytest_bdd import given, then, when

from converge.apis.valkey import CommandRefused
from converge.components.valkey import consumers
from converge.components.valkey.consumers import Consumer
from converge.components.valkey.server import HOST
from converge.components.valkey.server import server as valkey
from converge.engine.platform import Platform
from converge.inventory import Inventory
from converge.kubernetes.execute import ExecFailed

VALUE = 'Grüße, "Welt"'
BRIEF_MS = 300


@pytest.fixture
def key() -> str:
    return f"throw-away:{secrets.token_hex(4)}"


@given("a throw-away consumer of Valkey", target_fixture="consumer")
def throwaway_consumer(platform: Platform) -> Iterator[Consumer]:
    with consumers.consumer(platform.access) as consumer:
        yield consumer


@when("a developer sets a key")
def set_key(platform: Platform, key: str) -> None:
    valkey(platform.access).ask("SET", key, VALUE, "EX", 600)


def set_key_on_disk(platform: Platform, key: str) -> None:
    _, on_disk = valkey(platform.access).converse([["SET", key, VALUE, "EX", 600], ["WAITAOF", 1, 0, consumers.ANSWERS_MS]])
    assert on_disk[0] == 1, "the server did not confirm that its log is on disk"


@when("a developer sets a key that expires", target_fixture="expiry")
def set_brief_key(platform: Platform, key: str) -> range:
    """When it may expire, in seconds of the server's clock."""
    commands: list[list[str | int]] = [["TIME"], ["SET", key, VALUE], ["EXPIRE", key, 600], ["TIME"]]
    (began, _), _, _, (ended, _) = valkey(platform.access).converse(commands)
    return range(int(began) + 600, int(ended) + 600 + 2)  # whole seconds, to the nearest


@then("the key reads as it was set")
def key_reads(platform: Platform, key: str) -> None:
    assert valkey(platform.access).ask("GET", key) == VALUE


@then("the key reads as nothing once it is removed")
def key_removed(platform: Platform, key: str) -> None:
    assert valkey(platform.access).converse([["DEL", key], ["GET", key]]) == [1, None]


@then("the key says when it expires")
def key_expires(platform: Platform, key: str, expiry: range) -> None:
    assert valkey(platform.access).ask("EXPIRETIME", key) in expiry


@then("the key reads as nothing once its time is over")
def key_expired(platform: Platform, key: str) -> None:
    # No time passes in a transaction. Afterwards the server itself lets it pass: it waits for an element of a list that never comes.
    brief: list[list[str | int]] = [
        ["MULTI"],
        ["PEXPIRE", key, BRIEF_MS],
        ["GET", key],
        ["EXEC"],
        ["BLPOP", f"{key}:never", 1],
        ["GET", key],
    ]
    assert valkey(platform.access).converse(brief)[3:] == [[1, VALUE], None, None]


@when("a developer publishes a message to a channel with a listener", target_fixture="heard")
def publish(platform: Platform, key: str) -> str:
    return consumers.publish(platform.access, key, VALUE)


@then("the listener hears the message")
def message_heard(heard: str) -> None:
    assert heard == VALUE


@then("every server of Valkey has the key")
def key_everywhere(platform: Platform, inventory: Inventory, key: str) -> None:
    consumers.wait_for_followers(platform.access)
    pods = [f"valkey-{number}" for number in range(inventory.options("valkey").replicas or 1)]
    assert {pod: valkey(platform.access, pod).ask("GET", key) for pod in pods} == dict.fromkeys(pods, VALUE)


@then("Valkey refuses a client that gives no password")
def nameless_refused(platform: Platform) -> None:
    assert consumers.converse_as(platform.access, None, "GET any").startswith("NOAUTH")


@then("Valkey refuses a client that gives a wrong password")
def stranger_refused(platform: Platform) -> None:
    assert consumers.converse_as(platform.access, ("default", "wrong"), "GET any").startswith("WRONGPASS")


@then("the consumer may use its own keys")
def own_keys(platform: Platform, consumer: Consumer) -> None:
    assert consumers.converse_as(platform.access, consumer.credentials, f"SET {consumer.prefix}a 1") == "OK"
    assert consumers.converse_as(platform.access, consumer.credentials, f"GET {consumer.prefix}a") == "1"


@then("the consumer may not read the keys of others")
def others_keys(platform: Platform, consumer: Consumer, key: str) -> None:
    assert consumers.converse_as(platform.access, consumer.credentials, f"GET {key}").startswith("NOPERM")


@then("the consumer may not administer Valkey")
def not_administrator(platform: Platform, consumer: Consumer) -> None:
    for command in ("ACL LIST", "CONFIG GET requirepass", "FLUSHALL", "KEYS *", "SHUTDOWN"):
        assert consumers.converse_as(platform.access, consumer.credentials, command).startswith("NOPERM"), command


@then("a client that verifies Valkey's certificate is answered")
def answered_over_tls(platform: Platform) -> None:
    verified = consumers.handshake(platform.access, HOST)
    assert "Verification: OK" in verified, verified
    assert "Verification: OK" not in consumers.handshake(platform.access, "another.name.svc")


@then("a client without TLS is not answered")
def refused_without_tls(platform: Platform) -> None:
    with pytest.raises((ExecFailed, CommandRefused)):
        consumers.ask_without_tls(platform.access)
