"""Throw-away event sources and sensors: an HTTP request becomes an event, and the event a workflow of the name that the request says."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from converge.apis.argo import GROUP_VERSION
from converge.components.argo_events.component import BUS
from converge.components.argo_events.listening import PORT, host, sensor, source, streams, wait_until_listening
from converge.components.argo_workflows.component import NAMESPACE
from converge.errors import NotReady

if TYPE_CHECKING:
    from converge.components.terms import Access
    from converge.kubernetes.client import Api

Run = Callable[[Sequence[str], str], str]
"""Runs a program in a pod of somebody's, and returns its output."""

PREFIX = "throw-away-"
EVENT, PATH = "letters", "/letters"
NAMED_BY = "body.name"
"""Where an event says what the workflow shall be called."""

_SENDER = r"""exec 3<>"/dev/tcp/$1/$2" 2>/dev/null || exit 0; cat >&3; timeout 20 head -n 1 <&3 || true"""
_ASKER = r"""exec 3<>"/dev/tcp/$1/4222" && cat >&3; timeout 10 cat <&3 || true"""


@contextlib.contextmanager
def listening(access: Access, spec: dict[str, Any], deadline_s: float) -> Iterator[str]:
    """The host of an event source whose events a sensor takes, until the end; ``spec`` is the workflow that it starts."""
    api, name = access.api(), f"{PREFIX}{secrets.token_hex(4)}"
    made = [source(name, EVENT, PATH), sensor(name, EVENT, spec, named_by=NAMED_BY)]
    try:
        for obj in made:
            api.create(obj)
        wait_until_listening(api, name, deadline_s)
        yield host(name)
    finally:
        for obj in reversed(made):
            api.delete(obj["kind"], name, NAMESPACE, api_version=GROUP_VERSION)


def send(run: Run, host: str, name: str, path: str = PATH) -> str:
    """Send an event that names a workflow, from a pod; the first line of the answer, "" where nobody answers: ``HTTP/1.1 200 OK``."""
    body = json.dumps({"name": name})
    request = f"POST {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    return run(["bash", "-c", _SENDER, "send", host, str(PORT)], request).partition("\r\n")[0]


def wait_until_answered(run: Run, host: str, name: str, deadline_s: float, path: str = PATH, code: int = 200) -> None:
    """Send an event until the event source answers with this code: right after it came, or something was taken away, it may have no bus."""
    end = time.monotonic() + deadline_s
    while f" {code} " not in (seen := f"{send(run, host, name, path)} "):
        if time.monotonic() > end:
            raise NotReady(f"{host} to answer with {code}", seen=seen.strip() or "nobody answers")
        time.sleep(0.5)


def ask_bus(run: Run) -> str:
    """All that the bus says to a client that shows no certificate and asks for a sign of life."""
    return run(["bash", "-c", _ASKER, "ask", BUS], 'CONNECT {"verbose":false}\r\nPING\r\n')


def kept(api: Api) -> int:
    """How many events the bus keeps."""
    return sum(stream["state"]["messages"] for stream in streams(api))
