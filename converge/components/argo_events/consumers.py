"""Throw-away event sources and sensors: an HTTP request becomes an event, and the event a workflow of the name that the request says."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from converge.apis.argo import GROUP_VERSION
from converge.components import blocks
from converge.components.argo_events.component import BUS, STARTER
from converge.components.argo_workflows.component import NAMESPACE
from converge.errors import NotReady
from converge.kubernetes.objects import Ref

if TYPE_CHECKING:
    from converge.components.terms import Access
    from converge.kubernetes.client import Api

Run = Callable[[Sequence[str], str], str]
"""Runs a program in a pod of somebody's, and returns its output."""

PREFIX = "throw-away-"
PORT = 12000
PATH = "/letters"
UID = 65532

_SENDER = r"""exec 3<>"/dev/tcp/$1/$2" 2>/dev/null || exit 0; cat >&3; timeout 20 head -n 1 <&3 || true"""
_ASKER = r"""exec 3<>"/dev/tcp/$1/4222" && cat >&3; timeout 10 cat <&3 || true"""


@contextlib.contextmanager
def listening(access: Access, spec: dict[str, Any], deadline_s: float) -> Iterator[str]:
    """The host of an event source whose events a sensor takes, until the end; ``spec`` is the workflow that it starts."""
    api, name = access.api(), f"{PREFIX}{secrets.token_hex(4)}"
    made = [_source(name), _sensor(name, spec)]
    try:
        for obj in made:
            api.create(obj)
        for obj, label in zip(made, ("eventsource-name", "sensor-name"), strict=True):
            _wait_until_runs(api, Ref(obj["kind"], name, NAMESPACE, GROUP_VERSION), f"{label}={name}", deadline_s)
        _wait_until_heard(api, name, deadline_s)
        yield f"{name}-eventsource-svc.{NAMESPACE}.svc"
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
    return sum(stream["state"]["messages"] for stream in _streams(api))


def _wait_until_runs(api: Api, ref: Ref, label: str, deadline_s: float) -> None:
    from converge.kubernetes.wait import wait_until, wait_until_ready

    wait_until(api, ref, _is_deployed, deadline_s, wanted=f"{ref} to be deployed")
    wait_until_ready(api, api.list("Deployment", NAMESPACE, labels=label), deadline_s, subject=ref.name)


def _is_deployed(seen: dict[str, Any] | None) -> bool:
    conditions = ((seen or {}).get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Deployed" and one["status"] == "True" for one in conditions)


def _wait_until_heard(api: Api, name: str, deadline_s: float) -> None:
    """Wait until the sensor has told the bus what it wants; an event from before is not for it, and the bus tells nobody of listeners."""
    end = time.monotonic() + deadline_s
    while not any(name in json.dumps(stream.get("consumer_detail", ())) for stream in _streams(api)):
        if time.monotonic() > end:
            raise NotReady(
                f"sensor {name} to listen",
                seen="the bus knows no such consumer",
                next_command=f"kubectl logs -n {NAMESPACE} -l sensor-name={name}",
            )
        time.sleep(0.2)


def _streams(api: Api) -> list[dict[str, Any]]:
    page = api.read(f"/api/v1/namespaces/{NAMESPACE}/pods/event-bus-0:8222/proxy/jsz", consumers="true", config="true")
    accounts = json.loads(page).get("account_details") or ()
    return [stream for account in accounts for stream in account.get("stream_detail") or ()]


def _source(name: str) -> dict[str, Any]:
    hook = {"port": str(PORT), "endpoint": PATH, "method": "POST"}
    ports = [{"port": PORT, "targetPort": PORT}]
    return _object("EventSource", name, {"service": {"ports": ports}, "webhook": {"letters": hook}, "template": _template()})


def _sensor(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    workflow = {
        "apiVersion": GROUP_VERSION,
        "kind": "Workflow",
        "metadata": {"name": "named-by-the-event", "namespace": NAMESPACE},
        "spec": spec,
    }
    source = {"dependencyName": "letter", "dataKey": "body.name"}
    start = {
        "name": "start",
        "k8s": {"operation": "create", "source": {"resource": workflow}, "parameters": [{"src": source, "dest": "metadata.name"}]},
    }
    dependency = {"name": "letter", "eventSourceName": name, "eventName": "letters"}
    triggers = [{"template": start, "retryStrategy": {"steps": 5, "duration": "1s"}}]
    return _object("Sensor", name, {"dependencies": [dependency], "triggers": triggers, "template": _template(account=STARTER)})


def _template(account: str = "") -> dict[str, Any]:
    container = {"resources": blocks.resources("10m/500m", "32Mi/256Mi"), "securityContext": blocks.locked_down()}
    mine = {"serviceAccountName": account} if account else {}
    return {"securityContext": blocks.pod_security(UID, fs_group=UID), "container": container} | mine


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": GROUP_VERSION, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
