"""Names and texts become safe SQL, and a SCRAM verifier fits its password only."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converge.apis import postgres
from converge.errors import Refused
from converge.kubernetes.execute import ExecFailed

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
        return json.dumps(self.answers.pop(0)) if stdin.startswith("SELECT coalesce") else ""


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


def test_a_copy_takes_the_place_of_the_one_before_only_when_it_is_whole() -> None:
    server = Server()
    way = postgres.Postgres(server).copy("keycloak")
    shell, script, *_ = server.argv[0]
    assert (shell, script) == ("sh", "-euc")
    assert server.argv[0][-2:] == ["keycloak", f"{postgres.COPIES}/keycloak.dump"]
    assert server.argv[0][2].index("pg_dump") < server.argv[0][2].index("mv ")
    assert way.endswith(f"--dbname=keycloak {postgres.COPIES}/keycloak.dump")


def test_a_password_appears_neither_in_arguments_nor_in_sql() -> None:
    server = Server()
    postgres.Postgres(server).write("app", "canary-password")
    assert len(server.sql) == 1
    assert 'ALTER ROLE "app" LOGIN NOSUPERUSER' in server.sql[0]
    assert 'REVOKE ALL ON DATABASE "app" FROM PUBLIC' in server.sql[0]
    assert "canary" not in "".join(server.sql) + str(server.argv)


def test_a_new_database_is_open_to_nobody_until_it_is_closed_to_the_public() -> None:
    server = Server()
    postgres.Postgres(server).write("app", "canary-password")
    steps = ['CREATE DATABASE "app" CONNECTION LIMIT 0', "BEGIN", "FROM PUBLIC", 'ALTER DATABASE "app" CONNECTION LIMIT -1', "COMMIT"]
    places = [server.sql[0].index(step) for step in steps]
    assert places == sorted(places)


def test_what_is_absent_is_told_apart_from_what_differs() -> None:
    answer = {"role": None, "database": {"owner": "postgres", "open": True}}
    assert postgres.Postgres(Server([[answer]])).look("app") == (None, postgres.Database("app", "postgres", True))


def test_a_refusal_says_what_the_server_said_and_keeps_the_password() -> None:
    def refuse(argv: Sequence[str], stdin: str) -> str:
        assert stdin == "canary\nSELECT 1;"
        assert "canary" not in str(argv)
        raise ExecFailed("psql", 2, "", "FATAL:  permission denied for database", seen="exit status 2")

    with pytest.raises(Refused, match="app connected") as caught:
        postgres.Login("postgres.postgres.svc", "other", "app", "canary").run(refuse, "SELECT 1;")
    assert "permission denied" in caught.value.seen
    assert "canary" not in str(caught.value)
