"""People whom killed runs left behind are removed, also where two processes do so at the same moment; a removal that failed is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fake_keycloak import Answer, FakeKeycloak

from converge.components.keycloak.people import PREFIX, People
from converge.errors import Unreachable
from converge.inventory import Inventory

LEFT = "left"


class Troubled(FakeKeycloak):
    """It answers removals with 500, as Keycloak does to the second of two at once; the person is gone where ``is_gone`` says so."""

    is_gone = True

    def _delete(self, path: list[str], query: Any, body: Any) -> Answer:
        if path != ["users", LEFT]:
            return super()._delete(path, query, body)
        if self.is_gone:
            super()._delete(path, query, body)
        return Answer(500, {"error": "unknown_error"})


@pytest.fixture
def server() -> Troubled:
    server = Troubled()
    server.itself = {"realm": "thinkube"}
    server.items["users"][LEFT] = {"id": LEFT, "username": f"{PREFIX}left", "createdTimestamp": 0}
    return server


def people(server: FakeKeycloak) -> People:
    access: Any = SimpleNamespace(http=server, secret=lambda *names: "-".join(names))
    made = People(Inventory(), access)
    made.__dict__["provider"] = None  # nobody signs in
    return made


def test_one_whom_another_process_removes_at_the_same_moment_is_gone_and_that_is_all(server: Troubled) -> None:
    with people(server).person():
        assert LEFT not in server.items["users"]


def test_one_who_is_still_there_afterwards_is_told_with_where_the_server_says_why(server: Troubled) -> None:
    server.is_gone = False
    with pytest.raises(Unreachable, match="500") as failed, people(server).person():
        pass
    assert failed.value.next_command.startswith("kubectl logs -n keycloak")
