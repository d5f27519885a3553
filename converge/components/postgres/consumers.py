"""Throw-away consumers of PostgreSQL: made for a scenario, removed after it."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converge.apis.postgres import Login
from converge.components.postgres.server import HOST, POD, server
from converge.errors import Refused
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.components.terms import Access

PREFIX = "throw-away-"
TABLE = "notes"
NO_WAY = ("Network is unreachable", "Connection refused")


@dataclass(frozen=True)
class Consumer:
    """A role with a database of its own, which connects from a pod to the server's service."""

    login: Login
    access: Access

    @property
    def name(self) -> str:
        """The role's and the database's name."""
        return self.login.role

    def run(self, statements: str, login: Login | None = None) -> str:
        """Run SQL as this consumer, or as whoever ``login`` is."""
        return (login or self.login).run(lambda argv, stdin: self.access.execute(*POD, argv, stdin), statements).strip()

    def store(self, count: int) -> None:
        """Store this many rows."""
        self.run(f"CREATE TABLE {TABLE} (number integer PRIMARY KEY); INSERT INTO {TABLE} SELECT generate_series(1, {count});")

    def count(self, deadline_s: float = COMES_S) -> int:
        """How many rows there are; asked again while the way to the server leads nowhere.

        The nodes tell nobody when they have taken up the new pod of a service, so it is asked five times a second.
        """
        end = time.monotonic() + deadline_s
        while True:
            try:
                return int(self.run(f"SELECT count(*) FROM {TABLE};"))  # noqa: S608 (a constant)
            except Refused as error:
                if time.monotonic() > end or not any(reason in error.seen for reason in NO_WAY):
                    raise
                time.sleep(0.2)


@contextlib.contextmanager
def consumer(access: Access) -> Iterator[Consumer]:
    """A new consumer; its role and database are dropped at the end."""
    name, password = f"{PREFIX}{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    postgres = server(access)
    try:
        postgres.write(name, password)
        yield Consumer(Login(HOST, name, name, password), access)
    finally:
        postgres.remove(name, name)
