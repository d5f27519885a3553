"""What settings ask for says under their component's name what it waits for: the ingress's answers as well as the API server's."""

from __future__ import annotations

import pytest

from converge.errors import NotReady, Unreachable
from converge.progress import State


@pytest.fixture
def access(bench, monkeypatch):
    """The access of component web, and what was told."""
    told = []
    monkeypatch.setattr("urllib3.Retry.sleep", lambda *_: None)
    monkeypatch.setattr(bench.platform.progress, "note", lambda *turn: told.append(turn))
    monkeypatch.setattr(type(bench.platform), "ca_pem", lambda _: "")
    return bench.platform.access_for("web"), told


def test_a_request_through_the_ingress_that_is_repeated_is_told(access) -> None:
    reached, told = access
    with pytest.raises(Unreachable):
        reached.http.get("http://127.0.0.1:9/login?code=s3cret-code")
    assert told == [("web", State.WAITING, "GET http://127.0.0.1/login: [Errno 111] Connection refused, asked again")] * 3


def test_what_the_api_server_said_before_it_is_asked_again_is_told(access, bench) -> None:
    reached, told = access
    bench.fake_api.fail("get", 503, message="etcd has no leader")
    with pytest.raises(NotReady):
        reached.secret("web", "admin", "password")
    assert told == [("web", State.WAITING, "read Secret web/admin: 503: etcd has no leader")]
