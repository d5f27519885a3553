"""The platform's PostgreSQL and where it is."""

from __future__ import annotations

from converge.apis.postgres import Postgres
from converge.components.terms import Access

POD = ("postgres", "postgres-0")
HOST = "postgres.postgres.svc"
"""The name that the server's certificate holds; consumers connect to it with ``sslmode=verify-full``."""


def server(access: Access) -> Postgres:
    """The server, as its superuser, through the socket inside its pod."""
    return Postgres(lambda argv, stdin: access.execute(*POD, argv, stdin))
