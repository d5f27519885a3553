"""Event sources that take HTTP requests and sensors that start a workflow for each: what they are, and when they listen.

Source: Argo Events 1.9 documentation ("Webhook", "Sensors", "Trigger: Argo Workflow").
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from converge.apis.argo import GROUP_VERSION
from converge.components import blocks
from converge.components.argo_events.component import STARTER
from converge.components.argo_workflows.component import NAMESPACE
from converge.components.terms import KubernetesObject
from converge.errors import NotReady
from converge.kubernetes.objects import Ref

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

PORT = 12000
UID = 65532


def host(name: str) -> str:
    """Where an event source of that name is, inside the cluster."""
    return f"{name}-eventsource-svc.{NAMESPACE}.svc"


def source(name: str, event: str, path: str) -> KubernetesObject:
    """An event source: a POST to ``path`` is the event."""
    hook = {"port": str(PORT), "endpoint": path, "method": "POST"}
    ports = [{"port": PORT, "targetPort": PORT}]
    return _object("EventSource", name, {"service": {"ports": ports}, "webhook": {event: hook}, "template": _template()})


def sensor(name: str, event: str, spec: Mapping[str, Any], *, named_by: str = "") -> KubernetesObject:
    """A sensor for the event source of the same name: each event starts a workflow, which may be ``named_by`` a field of it."""
    called = {"name": "named-by-the-event"} if named_by else {"generateName": f"{name}-"}
    workflow = {"apiVersion": GROUP_VERSION, "kind": "Workflow", "metadata": called | {"namespace": NAMESPACE}, "spec": dict(spec)}
    name_it = {"src": {"dependencyName": event, "dataKey": named_by}, "dest": "metadata.name"}
    action = {"operation": "create", "source": {"resource": workflow}} | ({"parameters": [name_it]} if named_by else {})
    dependency = {"name": event, "eventSourceName": name, "eventName": event}
    triggers = [{"template": {"name": "start", "k8s": action}, "retryStrategy": {"steps": 5, "duration": "1s"}}]
    return _object("Sensor", name, {"dependencies": [dependency], "triggers": triggers, "template": _template(account=STARTER)})


def wait_until_listening(api: Api, name: str, deadline_s: float) -> None:
    """Wait until an event source and the sensor of the same name run, and the bus knows what the sensor wants.

    Raises:
        NotReady: one does not come up.
    """
    for kind, label in (("EventSource", "eventsource-name"), ("Sensor", "sensor-name")):
        _wait_until_runs(api, Ref(kind, name, NAMESPACE, GROUP_VERSION), f"{label}={name}", deadline_s)
    end = time.monotonic() + deadline_s
    while not is_heard(api, name):
        if time.monotonic() > end:
            raise NotReady(
                f"sensor {name} to listen",
                seen="the bus knows no such consumer",
                next_command=f"kubectl logs -n {NAMESPACE} -l sensor-name={name}",
            )
        time.sleep(0.2)


def is_heard(api: Api, name: str) -> bool:
    """Whether a sensor has told the bus what it wants; an event from before is not for it, and the bus tells nobody of listeners."""
    return any(name in json.dumps(stream.get("consumer_detail", ())) for stream in streams(api))


def streams(api: Api) -> list[dict[str, Any]]:
    """What the bus keeps, and for whom."""
    page = api.read(f"/api/v1/namespaces/{NAMESPACE}/pods/event-bus-0:8222/proxy/jsz", consumers="true", config="true")
    accounts = json.loads(page).get("account_details") or ()
    return [stream for account in accounts for stream in account.get("stream_detail") or ()]


def _wait_until_runs(api: Api, ref: Ref, label: str, deadline_s: float) -> None:
    from converge.kubernetes.wait import wait_until, wait_until_ready

    wait_until(api, ref, _is_deployed, deadline_s, wanted=f"{ref} to be deployed")
    wait_until_ready(api, api.list("Deployment", NAMESPACE, labels=label), deadline_s, subject=ref.name)


def _is_deployed(seen: dict[str, Any] | None) -> bool:
    conditions = ((seen or {}).get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Deployed" and one["status"] == "True" for one in conditions)


def _template(account: str = "") -> dict[str, Any]:
    container = {"resources": blocks.resources("10m/500m", "32Mi/256Mi"), "securityContext": blocks.locked_down()}
    mine = {"serviceAccountName": account} if account else {}
    return {"securityContext": blocks.pod_security(UID, fs_group=UID), "container": container} | mine


def _object(kind: str, name: str, spec: dict[str, Any]) -> KubernetesObject:
    return {"apiVersion": GROUP_VERSION, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
