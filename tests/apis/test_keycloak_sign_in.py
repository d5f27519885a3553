"""The administrator signs in as seldom as possible, and again where a server knows nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from converge.apis.keycloak import Absent, Keycloak, Visitor, WrongAdministrator
from converge.errors import Refused, Unreachable

URL = "https://auth.thinkube.test"


class Answer:
    reason = text = ""

    def __init__(self, status_code: int, body: Any = None, media_type: str = "application/json") -> None:
        self.headers = {"Content-Type": media_type}
        self.status_code, self.body, self.ok = status_code, body, status_code < 400

    def json(self) -> Any:
        return self.body


class Server:
    """In the place of an HTTP session: remembers what was asked, and who is signed in."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.passwords = {"admin": "right"}
        self.tokens: set[str] = set()
        self.lasts_s = 60
        self.lost: Answer | None = None

    def post(self, url: str, data: dict[str, str]) -> Answer:
        self.asked.append("sign in")
        if self.passwords[data["username"]] != data["password"]:
            return Answer(401)
        self.tokens.add(token := f"token {len(self.asked)}")
        return Answer(200, {"access_token": token, "expires_in": self.lasts_s})

    def request(self, method: str, url: str, *, params: Any, data: Any, headers: dict[str, str]) -> Answer:
        self.asked.append(f"{method} {url.removeprefix(URL)}")
        if self.lost:
            return self.lost
        return Answer(200, []) if headers["Authorization"].removeprefix("Bearer ") in self.tokens else Answer(401)


@pytest.fixture
def server() -> Server:
    return Server()


def administrator(server: Server, text: str = "right", *, share: bool = True) -> Keycloak:
    return Keycloak(server, URL, "admin", lambda: text, share=share)  # type: ignore[arg-type]


def test_those_that_share_sign_in_once(server: Server) -> None:
    for _ in range(3):
        administrator(server).request("GET", "admin/realms/thinkube/clients")
    assert server.asked == ["sign in", *["GET /admin/realms/thinkube/clients"] * 3]


def test_who_tries_a_password_really_signs_in_with_it(server: Server) -> None:
    administrator(server).request("GET", "admin/realms")
    with pytest.raises(WrongAdministrator):
        administrator(server, "wrong", share=False).request("GET", "admin/realms")


def test_a_server_that_was_set_up_anew_is_signed_in_to_again(server: Server) -> None:
    administrator(server).request("GET", "admin/realms")
    server.tokens.clear()
    assert administrator(server).request("GET", "admin/realms").status_code == 200
    assert server.asked.count("sign in") == 2


def test_somebodys_own_token_is_used_as_it_is(server: Server) -> None:
    server.tokens.add("their own")
    assert Visitor(server, URL, "their own").request("GET", "admin/realms").status_code == 200  # type: ignore[arg-type]
    with pytest.raises(Refused, match="GET / of Keycloak's admin API"):
        Visitor(server, URL, "ended").request("GET", "admin/realms")  # type: ignore[arg-type]
    assert "sign in" not in server.asked


def test_a_sign_in_that_is_about_to_end_is_renewed(server: Server) -> None:
    server.lasts_s = 5
    administrator(server).request("GET", "admin/realms")
    administrator(server).request("GET", "admin/realms")
    assert server.asked.count("sign in") == 2


def test_what_a_realm_lacks_is_told_from_a_server_that_is_not_there(server: Server) -> None:
    """Or else everything would seem absent while the ingress leads nowhere, and an earlier sign-in is still good."""
    administrator(server).request("GET", "admin/realms")
    server.lost = Answer(404, media_type="application/json;charset=UTF-8")
    with pytest.raises(Absent, match="GET /nowhere of Keycloak's admin API"):
        administrator(server).request("GET", "admin/realms/nowhere")
    server.lost = Answer(404, media_type="text/plain; charset=utf-8")
    with pytest.raises(Unreachable, match="admin API"):
        administrator(server).request("GET", "admin/realms/thinkube")
