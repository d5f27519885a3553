"""Names and texts become safe SQL, and a SCRAM verifier fits its password only."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.apis import postgres

KNOWN = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)
"""RFC 7677's example (password "pencil"), as PostgreSQL stores it."""


class Server:
    def __init__(self, answers: Sequence[object] = ()) -> None:
        self.answers = list(answers)
        self.sql: list[str] = []
        self.argv: list[Sequence[str]] = []

    def __call__(self, argv: Sequence[str], stdin: str) -> str:
        self.argv.append(argv)
        self.sql.append(stdin)
        return json.dumps(self.answers.pop(0)) if stdin.startswith("SELECT") else ""


def test_a_verifier_is_what_the_server_itself_would_keep() -> None:
    role = postgres.Role("user", True, False, KNOWN)
    assert role.accepts("pencil")
    assert not role.accepts("Pencil")


@pytest.mark.parametrize("verifier", ["", "md5deadbeef", "SCRAM-SHA-256$x"], ids=["none", "old-kind", "cut"])
def test_what_is_no_verifier_accepts_nothing(verifier: str) -> None:
    assert not postgres.Role("user", True, False, verifier).accepts("")


@given(st.text(min_size=1, max_size=20))
def test_each_verifier_is_new_and_fits(password: str) -> None:
    one, other = postgres.verifier(password, iterations=2), postgres.verifier(password, iterations=2)
    assert one != other
    assert postgres.Role("r", True, False, one).accepts(password)


@given(st.text())
def test_quoting_can_be_undone_and_never_ends_early(text: str) -> None:
    assert postgres.literal(text)[1:-1].replace("''", "'") == text
    assert postgres.identifier(text)[1:-1].replace('""', '"') == text
    assert postgres.literal(text)[1:-1].replace("''", "").count("'") == 0


def test_a_password_appears_neither_in_arguments_nor_in_sql() -> None:
    server = Server([[]])
    postgres.Postgres(server).write_role("keycloak", "canary-password")
    assert server.sql[-1].startswith('CREATE ROLE "keycloak" LOGIN NOSUPERUSER')
    assert "canary" not in "".join(server.sql) + str(server.argv)


def test_an_absent_database_is_created_and_closed_to_the_public() -> None:
    server = Server([[]])
    postgres.Postgres(server).write_database("app", "app")
    assert server.sql[1] == 'CREATE DATABASE "app" OWNER "app";'
    assert 'REVOKE ALL ON DATABASE "app" FROM PUBLIC' in server.sql[2]


def test_an_existing_database_is_corrected_not_created() -> None:
    server = Server([[{"owner": "postgres", "open": True}]])
    postgres.Postgres(server).write_database("app", "app")
    assert len(server.sql) == 2
    assert 'ALTER DATABASE "app" OWNER TO "app"' in server.sql[1]
