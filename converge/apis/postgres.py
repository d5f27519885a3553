"""PostgreSQL's administration as nouns: roles and databases, over SQL that a program inside the server's pod runs.

No password ever travels: a role gets a SCRAM verifier, which tells whether a password fits and is useless for signing in.
Source: PostgreSQL 17, "SCRAM-SHA-256 Authentication" and RFC 5802.
"""

# ruff: noqa: S608  (SQL has no parameters for names; every name and text goes through identifier() or literal())
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from converge.errors import Refused
from converge.http import excerpt
from converge.kubernetes.execute import ExecFailed

ITERATIONS = 4096
"""PostgreSQL's default ``scram_iterations``; the passwords here are long and random."""

PSQL = ("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")

COPIES = "/var/lib/postgresql/data/copies"
"""On the server's volume, beside its data."""

_COPY = 'mkdir -p "${2%/*}" && pg_dump --format=custom --file="$2.making" "$1" && mv "$2.making" "$2"'

Execute = Callable[[Sequence[str], str], str]
"""Runs a program beside the server, with a text for its standard input, and returns its output."""


@dataclass(frozen=True)
class Role:
    """A role that signs in; ``verifier`` is what the server keeps of its password."""

    name: str
    can_login: bool
    is_privileged: bool
    verifier: str = field(repr=False)

    def accepts(self, password: str) -> bool:
        """Whether this password fits; nothing is sent."""
        try:
            algorithm, parameters, _ = self.verifier.split("$")
            iterations, salt = parameters.split(":")
        except ValueError:
            return False
        return algorithm == "SCRAM-SHA-256" and hmac.compare_digest(
            verifier(password, salt=base64.b64decode(salt), iterations=int(iterations)), self.verifier
        )


@dataclass(frozen=True)
class Database:
    """A database, who owns it, and whether every role may connect to it (PostgreSQL's default)."""

    name: str
    owner: str
    is_open_to_public: bool


@dataclass(frozen=True)
class Login:
    """How a consumer connects: over the network, encrypted and to a server that it has verified, unless it says otherwise."""

    host: str
    database: str
    role: str
    password: str = field(repr=False)
    sslmode: str = "verify-full"
    ca_file: str = "/tls/ca.crt"

    def run(self, execute: Execute, statements: str) -> str:
        """Run SQL as this consumer; the password goes through standard input.

        Raises:
            Refused: the server refuses the connection or the statement; ``seen`` is what it said.
        """
        address = f"host={self.host} dbname={self.database} user={self.role} sslmode={self.sslmode} sslrootcert={self.ca_file}"
        shell = 'IFS= read -r PGPASSWORD && export PGPASSWORD && exec "$@"'
        try:
            return execute(["sh", "-c", shell, "sh", *PSQL, f"--dbname={address}"], f"{self.password}\n{statements}")
        except ExecFailed as error:
            raise Refused(
                f"{self.role} connected to database {self.database}",
                seen=excerpt(error.stderr),
                next_command="pytest features/ -m postgres",
            ) from error


class Postgres:
    """A server, reached as its superuser through its own socket."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def rows(self, query: str, database: str = "postgres") -> list[dict[str, Any]]:
        """The rows of a SELECT, as JSON makes them."""
        text = self.run(f"SELECT coalesce(json_agg(answer), '[]') FROM ({query}) AS answer;", database)
        rows: list[dict[str, Any]] = json.loads(text)
        return rows

    def run(self, statements: str, database: str = "postgres") -> str:
        """Run SQL and stop at the first error; what it prints is returned without decoration."""
        return self._execute([*PSQL, f"--dbname={database}"], statements)

    def look(self, name: str) -> tuple[Role | None, Database | None]:
        """The role and the database of this name; None for what is not there."""
        role = (
            "SELECT rolcanlogin AS login, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS privileged,"
            f" coalesce(rolpassword, '') AS verifier FROM pg_authid WHERE rolname = {literal(name)}"
        )
        database = (
            "SELECT pg_get_userbyid(datdba) AS owner, has_database_privilege('public', oid, 'CONNECT') AS open"
            f" FROM pg_database WHERE datname = {literal(name)}"
        )
        seen = self.rows(f"SELECT (SELECT to_json(r) FROM ({role}) r) AS role, (SELECT to_json(d) FROM ({database}) d) AS database")[0]
        return (
            seen["role"] and Role(name, seen["role"]["login"], seen["role"]["privileged"], seen["role"]["verifier"]),
            seen["database"] and Database(name, seen["database"]["owner"], seen["database"]["open"]),
        )

    def write(self, name: str, password: str, *, administers: bool = False) -> None:
        """Create or correct a role and the database of its name.

        The role may sign in with this password and has no privilege beyond the database (unless it ``administers`` the server), to which
        nobody else may connect: not even at the moment when it is new, for PostgreSQL's default is to let everybody in.
        """
        quoted = identifier(name)
        is_it = f"datname = {literal(name)}"
        self.run(
            f"SELECT {literal(f'CREATE ROLE {quoted}')} WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(name)}) \\gexec\n"
            f"ALTER ROLE {quoted} LOGIN {'' if administers else 'NO'}SUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            f" PASSWORD {literal(verifier(password))};\n"
            f"SELECT {literal(f'CREATE DATABASE {quoted} CONNECTION LIMIT 0')}"
            f" WHERE NOT EXISTS (SELECT FROM pg_database WHERE {is_it}) \\gexec\n"
            "BEGIN;\n"
            f"ALTER DATABASE {quoted} OWNER TO {quoted};\n"
            f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC;\n"
            f"SELECT {literal(f'ALTER DATABASE {quoted} CONNECTION LIMIT -1')}"
            f" FROM pg_database WHERE {is_it} AND datconnlimit = 0 \\gexec\n"
            "COMMIT;\n"
        )

    def write_password(self, role: str, password: str) -> None:
        """Let a role sign in with this password and no other."""
        self.run(f"ALTER ROLE {identifier(role)} PASSWORD {literal(verifier(password))};")

    def copy(self, database: str) -> str:
        """Write a database to ``COPIES/<database>.dump``, in place of the copy before, and return the command that brings it back."""
        file = f"{COPIES}/{database}.dump"
        self._execute(["sh", "-euc", _COPY, "copy", database, file], "")
        return f"pg_restore --clean --if-exists --exit-on-error --dbname={database} {file}"

    def remove(self, database: str, role: str) -> None:
        """Drop a database with all its data, and its role; absent ones are fine."""
        self.run(f"DROP DATABASE IF EXISTS {identifier(database)} WITH (FORCE);\nDROP ROLE IF EXISTS {identifier(role)};")


def verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """What PostgreSQL keeps of a password: ``SCRAM-SHA-256$4096:SALT$STORED_KEY:SERVER_KEY`` (a new salt unless one is given)."""
    salt = salt if salt is not None else secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def identifier(name: str) -> str:
    """A name as SQL: ``my"role`` is ``"my""role"``."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL: ``it's`` is ``'it''s'``."""
    return "'" + text.replace("'", "''") + "'"
