"""What components were given by others: each tried as its component uses it, with what lies in its Secret now."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from converge.apis.minio import AccessKey, ObjectStore
from converge.apis.postgres import Login
from converge.components.minio.bucket import Bucket
from converge.components.part import PartWithSecret
from converge.components.postgres.database import Database
from converge.components.postgres.server import POD, server
from converge.components.valkey.consumers import converse_as
from converge.components.valkey.user import ValkeyUser
from converge.errors import Refused, ThinkubeError, Unavailable
from converge.kubernetes.secrets import value

if TYPE_CHECKING:
    from converge.engine.platform import Platform

Given = TypeVar("Given", bound=PartWithSecret)


@dataclass(frozen=True)
class Dependency(Generic[Given]):
    """What a component was given: ``Dependency("keycloak", Database(…))``."""

    component: str
    part: Given

    def __str__(self) -> str:
        return f"{self.component}: {self.part.uses} of Secret {self.part.secret.namespace}/{self.part.secret.name}"


def given(platform: Platform, kind: type[Given], uses: str = "") -> list[Dependency[Given]]:
    """All of a kind that components of this platform were given, in their order.

    Raises:
        Unavailable: this inventory has no component that uses one.
    """
    every = [(name, part) for name in platform.possible for part in platform.component(name).every_part]
    found = [Dependency(name, part) for name, part in every if isinstance(part, kind) and part.uses and uses in ("", part.uses)]
    if not found:
        raise Unavailable(f"a component that uses a {uses or kind.uses}", seen="this inventory has none")
    return found


def held(platform: Platform, part: PartWithSecret) -> Mapping[str, str]:
    """What lies in its Secret; what is no secret, such as a name, as it should be."""
    secret = part.secret
    return {
        key: kind[1:] if kind.startswith("=") else value(platform.api, secret.namespace, secret.name, key)
        for key, kind in secret.keys.items()
    }


def refused(platform: Platform, uses: str) -> Iterator[str]:
    """Each of a kind that does not open with what its component holds."""
    for one in given(platform, PartWithSecret, uses):
        for credential in one.part.credentials(platform.context, platform.access):
            if not credential.accepts(held(platform, one.part)):
                yield f"{one} opens nothing"


def without_rows(platform: Platform) -> Iterator[str]:
    """Each database that does not take a row from its component, or holds no table that the component made."""
    for one in given(platform, Database):
        values = held(platform, one.part)
        login = Login(one.part.host, one.part.name, values["username"], values["password"])
        row = "CREATE TEMPORARY TABLE kept (word text); INSERT INTO kept VALUES ('hello'); SELECT word FROM kept;"
        try:
            said = login.run(lambda argv, stdin: platform.access.execute(*POD, argv, stdin), row)
        except Refused as error:
            said = error.seen
        if said.strip() != "hello":
            yield f"{one} takes no row: {said.strip()}"
        made = server(platform.access).rows("SELECT tablename FROM pg_tables WHERE tableowner <> 'postgres'", one.part.name)
        if not made:
            yield f"{one} has no table of its component's"


def without_objects(platform: Platform) -> Iterator[str]:
    """Each bucket that does not let its component do what it may, or lets it write where it may only read."""
    for one in given(platform, Bucket):
        values, name = held(platform, one.part), f"throw-away-{secrets.token_hex(4)}"
        store = ObjectStore(platform.access.http, one.part.url, AccessKey(values["access-key"], values["secret-key"]))
        try:
            store.names(one.part.name)
            if one.part.may == "write":
                yield from _kept(one, store, name)
            else:
                yield from _kept_out(one, store, name)
        except ThinkubeError as error:
            yield f"{one}: {error.seen or error.wanted}"


def without_keys(platform: Platform) -> Iterator[str]:
    """Each user of Valkey that may not use keys of its own, or may use others."""
    for one in given(platform, ValkeyUser):
        values = held(platform, one.part)
        login, word = (values["username"], values["password"]), f"throw-away-{secrets.token_hex(4)}"
        own = one.part.reach.key_patterns[0].replace("\\", "").replace("*", word)
        if (said := converse_as(platform.access, login, f'SET "{own}" hello EX 60')) != "OK":
            yield f"{one} keeps no key: {said}"
        converse_as(platform.access, login, f'DEL "{own}"')
        if "NOPERM" not in (said := converse_as(platform.access, login, f'GET "{word}"')):
            yield f"{one} may read keys of others: {said}"


def _kept(one: Dependency[Bucket], store: ObjectStore, name: str) -> Iterator[str]:
    store.put(one.part.name, name, b"hello")
    try:
        if store.get(one.part.name, name) != b"hello":
            yield f"{one} gives back something else than was put there"
    finally:
        store.remove(one.part.name, name)


def _kept_out(one: Dependency[Bucket], store: ObjectStore, name: str) -> Iterator[str]:
    try:
        store.put(one.part.name, name, b"hello")
    except Refused:
        return
    store.remove(one.part.name, name)
    yield f"{one} takes what its component may only read"
