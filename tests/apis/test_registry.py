"""The registry's protocol as a client speaks it: tokens from whom the registry names, refusals in their own words, content by digest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from converge.apis.login import Login
from converge.apis.registry import Denied, Image, NoSuchImage, Registry, digest
from converge.components.registry.consumers import made_up
from converge.errors import Refused, Unreachable

URL = "https://registry.thinkube.test"
TOKENS = "https://auth.thinkube.test/tokens"
CHALLENGE = {"WWW-Authenticate": f'Bearer realm="{TOKENS}",service="registry",scope="s"', "Docker-Distribution-Api-Version": "registry/2.0"}


class Fake:
    """A registry whose every request wants the token that a right login gets."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.is_routed = True

    def get(self, url: str, *, params: dict[str, str], auth: Any) -> Any:
        self.asked.append((url, params, auth))
        return _answer(200, b'{"token": "t"}') if auth == ("tkadmin", "right") else _answer(401, b"who?")

    def request(self, method: str, url: str, *, headers: dict[str, str], data: bytes = b"", **_: Any) -> Any:
        if not self.is_routed:
            return _answer(404, b"404 page not found")
        if headers.get("Authorization") != "Bearer t":
            return _answer(401, b"", CHALLENGE)
        path, _, query = url.removeprefix(URL).partition("?")
        if method == "POST":
            return _answer(202, b"", {"Location": f"{URL}{path}one?state=x"})
        if method == "PUT":
            place = path if "manifests" in path else f"/v2/a/blobs/{query.partition('digest=')[2]}"
            self.kept[place] = data
            if "manifests" in path:
                self.kept[f"/v2/a/manifests/{digest(data)}"] = data
            return _answer(201, b"")
        return _answer(200, self.kept[path]) if path in self.kept else _answer(404, b"unknown", CHALLENGE)


def _answer(status: int, content: bytes, headers: dict[str, str] | None = None) -> Any:
    import json

    return SimpleNamespace(
        status_code=status,
        reason="",
        text=content.decode(errors="replace"),
        content=content,
        headers=headers or {},
        json=lambda: json.loads(content),
    )


@pytest.fixture
def server() -> Fake:
    return Fake()


def client(server: Fake, password: str = "right") -> Registry:  # noqa: S107 (that it is right is the point)
    http: Any = server
    return Registry(http, URL, Login("tkadmin", password))


def test_what_is_pushed_is_pulled_by_tag_and_by_digest(server: Fake) -> None:
    image = made_up()
    name = client(server).push("a", "one", image)
    assert client(server).pull("a", "one") == image
    assert client(server).pull("a", name) == image


def test_a_token_is_asked_for_once_for_what_is_done(server: Fake) -> None:
    client(server).push("a", "one", made_up())
    assert server.asked == [(TOKENS, {"service": "registry", "scope": "repository:a:pull,push"}, ("tkadmin", "right"))]


def test_a_wrong_password_is_refused_and_shows_nowhere(server: Fake) -> None:
    registry = client(server, "wrong")
    with pytest.raises(Denied, match="401") as refusal:
        registry.pull("a", "one")
    assert "wrong" not in str(refusal.value).replace("wrong password", "")
    assert not registry.is_known()
    assert "right" not in repr(Login("tkadmin", "right"))


def test_what_is_not_there_is_told_from_an_ingress_that_leads_nowhere(server: Fake) -> None:
    with pytest.raises(NoSuchImage):
        client(server).pull("a", "none")
    assert not client(server).has_blob("a", "sha256:none")
    server.is_routed = False
    with pytest.raises(Unreachable):
        client(server).pull("a", "none")


def test_other_content_than_was_pushed_is_no_image(server: Fake) -> None:
    image: Image = made_up()
    client(server).push("a", "one", image)
    server.kept[f"/v2/a/blobs/{next(iter(image.blobs))}"] = b"other"
    with pytest.raises(Refused, match="other content"):
        client(server).pull("a", "one")
