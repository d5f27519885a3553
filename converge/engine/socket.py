"""Serves outcomes to the other processes of a run: one process converges, the others ask it over a local socket.

A question is one line of JSON with the run's random token, its answer one line of JSON.
The socket lies in a folder that only this user may enter.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from converge.engine.converger import Convergence, Converger
from converge.engine.outcome import Outcome, Result
from converge.errors import ThinkubeError, Unreachable

Address = dict[str, str]
"""Where to ask, and the token that shows that one may: ``{"path": "/tmp/thinkube-…/outcomes", "token": "…"}``."""


class OutcomeServer:
    """Answers for a converger until it is closed."""

    def __init__(self, converger: Converger) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="thinkube-"))
        self._token = secrets.token_hex(16)
        self._server = _Server(str(self._folder / "outcomes"), _Handler)
        self._server.converger, self._server.token = converger, self._token
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="outcomes", daemon=True).start()

    @property
    def address(self) -> Address:
        """What a worker needs to ask."""
        return {"path": str(self._folder / "outcomes"), "token": self._token}

    def close(self) -> None:
        """Stop answering and remove the socket."""
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self._folder, ignore_errors=True)


class RemoteConvergence(Convergence):
    """The convergence of another process of the same run."""

    def __init__(self, address: Mapping[str, str]) -> None:
        self._address = dict(address)

    def select(self, names: Iterable[str]) -> None:
        """Let the other process begin with these."""
        self._ask("select", list(names))

    def wait_for(self, name: str) -> Outcome:
        """Wait until the other process has converged it."""
        return Outcome.from_json(self._ask("wait_for", [name])["outcome"]).require()

    def again(self, name: str) -> Outcome:
        """Let the other process converge it a second time."""
        self.wait_for(name)
        return Outcome.from_json(self._ask("again", [name])["outcome"]).require()

    def roll_back(self, name: str) -> Sequence[Outcome]:
        """Let the other process roll it back."""
        return [Outcome.from_json(outcome) for outcome in self._ask("roll_back", [name])["outcomes"]]

    def rotate(self, name: str) -> Outcome:
        """Let the other process rotate it."""
        return Outcome.from_json(self._ask("rotate", [name])["outcome"])

    def _ask(self, question: str, names: list[str]) -> Any:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(self._address["path"])
                line.sendall(json.dumps({"token": self._address["token"], "ask": question, "names": names}).encode() + b"\n")
                with line.makefile("rb") as stream:
                    answer = stream.readline()
        except OSError as error:
            raise Unreachable("an answer from the converging process", seen=str(error)) from error
        if not answer:
            raise Unreachable("an answer from the converging process", seen="it closed the connection")
        said = json.loads(answer)
        if "error" in said:
            raise ThinkubeError("an answer from the converging process", seen=said["error"], next_command="thinkube status")
        return said


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    converger: Converger
    token: str


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        # Who does not ask properly, or has gone, gets no answer.
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            question = json.loads(self.rfile.readline())
            if secrets.compare_digest(str(question["token"]), self.server.token):
                self.wfile.write(json.dumps(self._answer(question["ask"], question["names"])).encode() + b"\n")

    def _answer(self, ask: str, names: list[str]) -> dict[str, Any]:
        converger = self.server.converger
        try:
            if ask == "select":
                converger.select(names)
                return {}
            if ask == "wait_for":
                return {"outcome": converger.outcome(names[0]).as_json()}
            if ask == "roll_back":
                return {"outcomes": [outcome.as_json() for outcome in converger.roll_back(names[0])]}
            if ask == "rotate":
                return {"outcome": converger.rotate(names[0]).as_json()}
            return {"outcome": converger.again(names[0]).as_json()}
        except ThinkubeError as error:
            return (
                {"outcome": Outcome(names[0], Result.FAILED, text=str(error), by=names[0]).as_json()}
                if ask == "again"
                else {"error": str(error)}
            )
