"""Outcomes for the other processes of a run."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from converge.engine.converger import Converger
from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result
from converge.engine.socket import OutcomeServer, RemoteConvergence
from converge.errors import Blocked, ThinkubeError, Unavailable, Unreachable


def work(name: str) -> Outcome:
    if name == "broken":
        return Outcome(name, Result.FAILED, text="its pod is → gone", by=name)
    if name == "absent":
        return Outcome(name, Result.UNAVAILABLE, text="no image")
    return Outcome(name, Result.CONVERGED, ("create ConfigMap a/b",), 1.5, 2.5)


@pytest.fixture
def server() -> Iterator[OutcomeServer]:
    made = OutcomeServer(Converger(Graph({"good": [], "broken": [], "above": ["broken"], "absent": []}), work, work))
    yield made
    made.close()


def test_an_outcome_travels_whole(server: OutcomeServer) -> None:
    remote = RemoteConvergence(server.address)
    remote.select(["good"])
    assert remote.wait_for("good") == Outcome("good", Result.CONVERGED, ("create ConfigMap a/b",), 1.5, 2.5)
    assert remote.again("good").changes == ("create ConfigMap a/b",)


def test_a_worker_hears_what_blocks_it(server: OutcomeServer) -> None:
    with pytest.raises(Blocked) as caught:
        RemoteConvergence(server.address).wait_for("above")
    assert caught.value.by == "broken"


def test_a_worker_hears_why_something_is_unavailable(server: OutcomeServer) -> None:
    with pytest.raises(Unavailable, match="no image"):
        RemoteConvergence(server.address).wait_for("absent")


def test_an_unknown_name_is_told_with_the_nearest(server: OutcomeServer) -> None:
    with pytest.raises(ThinkubeError, match="did you mean good"):
        RemoteConvergence(server.address).wait_for("goood")


def test_who_lacks_the_token_gets_nothing(server: OutcomeServer) -> None:
    with pytest.raises(Unreachable):
        RemoteConvergence({**server.address, "token": "guessed"}).wait_for("good")


def test_only_this_user_may_enter_the_folder(server: OutcomeServer) -> None:
    assert stat.S_IMODE(Path(server.address["path"]).parent.stat().st_mode) == 0o700


def test_nonsense_does_not_end_the_service(server: OutcomeServer) -> None:
    for nonsense in (b"\n", b"{]\n", b"", json.dumps({"token": server.address["token"]}).encode() + b"\n"):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(server.address["path"])
            line.sendall(nonsense)
    assert RemoteConvergence(server.address).wait_for("good").result is Result.CONVERGED


def test_nothing_is_left_behind() -> None:
    server = OutcomeServer(Converger(Graph({}), work, work))
    folder = Path(server.address["path"]).parent
    server.close()
    assert not folder.exists()
    with pytest.raises(Unreachable):
        RemoteConvergence(server.address).wait_for("good")
