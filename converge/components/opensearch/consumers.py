"""OpenSearch as people and programs meet it: signed in with tokens of the realm, with documents in an index for a while."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from converge.apis.login import Login
from converge.components.opensearch.component import LOOPBACK
from converge.components.opensearch.server import HOST, NAME, NAMESPACE, POD, as_administrator, as_bearer, as_login
from converge.sso import Client, Tokens

if TYPE_CHECKING:
    from converge.apis.opensearch import OpenSearch
    from converge.components.keycloak.people import People, Person
    from converge.components.terms import Access
    from converge.inventory import Inventory


def signed_in(people: People, person: Person) -> Tokens:
    """A person's tokens of the client whose ID tokens OpenSearch believes."""
    return people.application(Client(NAME, LOOPBACK[0])).sign_in(person.browser, person.credentials)


def with_token(inventory: Inventory, access: Access, token: str) -> OpenSearch:
    """The server as the owner of a token sees it."""
    return as_bearer(inventory, access, token)


def stranger(inventory: Inventory, access: Access, credentials: str) -> OpenSearch:
    """The server as somebody sees it who has "no credentials" or "a wrong password"."""
    return as_login(inventory, access, None if credentials == "no credentials" else Login("admin", "wrong"))


def handshake(access: Access, *, with_certificate: bool) -> str:
    """What openssl, in the server's pod, says of a connection to its port for servers; TLS 1.2 tells before the end who is refused."""
    shown = "-cert /tls/tls.crt -key /tls/tls.key" if with_certificate else ""
    connect = f"openssl s_client -connect localhost:9300 -tls1_2 -CAfile /ca/ca.crt -verify_hostname {HOST} -verify_return_error {shown}"
    return access.execute(NAMESPACE, POD, ["sh", "-c", f"{connect} < /dev/null 2>&1 || true"], "")


def files_with(access: Access, words: str) -> list[str]:
    """The files that the server has written in which these words stand."""
    return access.execute(NAMESPACE, POD, ["sh", "-c", "grep -rlF -f - /data /tmp || true"], words).split()


@contextlib.contextmanager
def index(inventory: Inventory, access: Access) -> Iterator[str]:
    """A new index, removed at the end with its documents."""
    name, administrator = f"throw-away-{secrets.token_hex(4)}", as_administrator(inventory, access)
    administrator.create_index(name)
    try:
        yield name
    finally:
        administrator.remove_index(name)
