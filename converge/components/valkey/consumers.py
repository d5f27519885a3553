"""Valkey as its clients meet it: over the network, with their own names and passwords, listening, following."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from converge.apis.valkey import Reach
from converge.components.valkey.server import HOST, NAMESPACE, POD, server
from converge.errors import Unreachable
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.components.terms import Access

OVER_TLS = ("valkey-cli", "--tls", "--cacert", "/tls/ca.crt", "-h", HOST)
ANSWERS_MS = 30_000
"""How long a server itself may wait for what is certain to come: less than a program in a pod may take."""
NOBODY = "Could not connect"
"""How the client's answer begins where nobody is there."""

_LISTEN = """
mkfifo "/tmp/$1"
valkey-cli -s /run/valkey/valkey.sock SUBSCRIBE "$1" > "/tmp/$1" &
exec 3< "/tmp/$1"
rm "/tmp/$1"
read -r _ <&3; read -r _ <&3; read -r _ <&3
valkey-cli -x -s /run/valkey/valkey.sock PUBLISH "$1" > /dev/null
read -r _ <&3; read -r _ <&3; IFS= read -r heard <&3
kill $!
printf '%s\\n' "$heard"
"""
"""Somebody listens, says so in three lines, and then the message from standard input is sent; prints the last of three that it heard."""


@dataclass(frozen=True)
class Consumer:
    """A user with keys of its own."""

    name: str
    prefix: str
    password: str = field(repr=False)

    @property
    def credentials(self) -> tuple[str, str]:
        """Name and password."""
        return self.name, self.password


@contextlib.contextmanager
def consumer(access: Access) -> Iterator[Consumer]:
    """A new user, removed at the end with its keys."""
    name = f"throw-away-{secrets.token_hex(4)}"
    made = Consumer(name, f"{name}:", secrets.token_urlsafe(24))
    server(access).write_user(made.name, made.password, Reach.of_prefix(made.prefix))
    try:
        yield made
    finally:
        server(access).converse([["DEL", f"{made.prefix}a"], ["ACL", "DELUSER", name], ["ACL", "SAVE"]])


def converse_as(access: Access, credentials: tuple[str, str] | None, command: str) -> str:
    """What the server answers over TLS to somebody with these credentials, or none: the last line, or the refusal of the login.

    Raises:
        Unreachable: the server's name led to nobody for ``COMES_S``.
    """
    login = f"AUTH {credentials[0]} {credentials[1]}\n" if credentials else ""
    argv = ["sh", "-c", '"$@" 2>&1', "client", "env", "-u", "REDISCLI_AUTH", *OVER_TLS]
    until = time.monotonic() + COMES_S
    # The client ends well all the same. A node learns of a new pod behind the name a moment after the pod is ready, and tells nobody.
    while (said := access.execute(NAMESPACE, POD, argv, f"{login}{command}\n")).startswith(NOBODY):
        if time.monotonic() > until:
            raise Unreachable(f"Valkey at {HOST}", seen=said.splitlines()[0])
        time.sleep(0.2)
    lines = [line for line in said.splitlines() if line]
    return lines[-1] if not login or lines[0] == "OK" else lines[0]


def publish(access: Access, channel: str, message: str) -> str:
    """Publish a message to a channel that somebody listens to; what the listener heard."""
    argv = ["timeout", f"{COMES_S:.0f}", "sh", "-euc", _LISTEN, "listen", channel.replace(":", "-")]
    return access.execute(NAMESPACE, POD, argv, message).strip()


def wait_for_followers(access: Access) -> None:
    """Return when every follower has what was written before, or never will."""
    replication = access.execute(NAMESPACE, POD, ["valkey-cli", "-s", "/run/valkey/valkey.sock"], "INFO replication\n")
    followers = next(line.partition(":")[2].strip() for line in replication.splitlines() if line.startswith("connected_slaves:"))
    server(access).ask("WAIT", followers, ANSWERS_MS)


def handshake(access: Access, name: str) -> str:
    """What a client that verifies the server for ``name`` sees of the handshake."""
    argv = ["openssl", "s_client", "-connect", f"{HOST}:6379", "-CAfile", "/tls/ca.crt", "-verify_hostname", name, "-brief"]
    return access.execute(NAMESPACE, POD, ["sh", "-c", '"$@" 2>&1 </dev/null || true', "handshake", *argv], "")


def ask_without_tls(access: Access) -> str:
    """Speak to the server's port in the clear."""
    return access.execute(NAMESPACE, POD, ["timeout", "5", "valkey-cli", "-e", "-h", HOST, "PING"], "")
