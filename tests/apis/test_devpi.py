"""devpi's "no" is told apart from somebody else's who answers in its place, and what is written is no more than what is wanted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from converge.apis.devpi import PackageIndexes, Release
from converge.apis.login import Login
from converge.errors import Refused, Unreachable

ROOT = Login("root", "canary")
KEEPING = {"type": "stage", "volatile": False, "bases": ["root/pypi"]}

Answer = Callable[[str, str, dict[str, Any]], tuple[int, Any]]


class Session:
    """Instead of connections: answers by method and path, and remembers who asked what."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self._answer = answer

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        path = url.removeprefix("https://devpi-api.thinkube.test")
        self.asked.append((method, path, more))
        status, body = self._answer(method, path, more)
        answer = requests.Response()
        answer.status_code = status
        if not isinstance(body, str):  # the ingress speaks, in text
            answer.headers["X-DEVPI-API-VERSION"] = "2"
        answer._content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return answer


def indexes(answer: Answer, login: Login | None = ROOT) -> tuple[PackageIndexes, Session]:
    http = Session(answer)
    return PackageIndexes(http, "https://devpi-api.thinkube.test", login), http  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "known"), [(200, True), (401, False)])
def test_a_login_is_right_or_wrong(status: int, known: bool) -> None:
    devpi, http = indexes(lambda *_: (status, {"result": {}}))
    assert devpi.is_known() is known
    assert http.asked[0][2]["json"] == {"user": "root", "password": "canary"}


def test_where_the_ingress_leads_nowhere_nothing_is_known() -> None:
    devpi, _ = indexes(lambda *_: (404, "404 page not found"))
    for look in (devpi.is_known, lambda: devpi.has_user("ci"), lambda: devpi.index("root/prod")):
        with pytest.raises(Unreachable):
            look()


def test_an_index_is_there_or_absent() -> None:
    devpi, _ = indexes(lambda _m, path, _n: (200, {"result": KEEPING}) if path.startswith("/root/prod") else (404, {"message": "no"}))
    assert devpi.index("root/prod") == KEEPING
    assert devpi.index("root/other") is None


def test_a_new_index_is_put_and_one_that_is_there_keeps_what_nobody_speaks_of() -> None:
    devpi, http = indexes(lambda method, *_: (404, {}) if method == "GET" else (200, {}))
    devpi.write_index("root/prod", {"type": "stage"})
    assert [(row[0], row[2].get("json")) for row in http.asked] == [("GET", None), ("PUT", {"type": "stage"})]
    devpi, http = indexes(lambda *_: (200, {"result": KEEPING}))
    devpi.write_index("root/prod", {"acl_upload": ["ci"]})
    assert [(row[0], row[2].get("json")) for row in http.asked][1:] == [("PATCH", KEEPING | {"acl_upload": ["ci"]})]


def test_an_index_that_lets_nobody_remove_packages_can_be_removed() -> None:
    devpi, http = indexes(lambda *_: (200, {"result": KEEPING}))
    devpi.remove_index("root/prod")
    assert [row[0] for row in http.asked] == ["GET", "GET", "PATCH", "DELETE"]
    assert http.asked[2][2]["json"]["volatile"] is True


def test_an_upload_that_is_refused_says_so_and_not_the_password() -> None:
    devpi, http = indexes(lambda *_: (409, {"message": "greeting-1.0.whl already exists in non-volatile index"}))
    with pytest.raises(Refused, match="409") as refusal:
        devpi.upload("root/prod", Release("greeting", "1.0", "greeting-1.0.whl", b"content"))
    assert "already exists" in str(refusal.value)
    assert "canary" not in str(refusal.value)
    assert http.asked[0][2]["data"][":action"] == "file_upload"


def test_nobody_sends_no_login() -> None:
    devpi, http = indexes(lambda *_: (200, {"files": []}), None)
    assert not devpi.files("root/prod", "greeting")
    assert http.asked[0][2]["auth"] is None
