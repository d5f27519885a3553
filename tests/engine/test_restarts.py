"""Workloads whose pods took an earlier value of a Secret are restarted, by whatever way the Secret got another one."""

from types import SimpleNamespace

import pytest

from converge.components.terms import Credential, GeneratedSecret
from converge.engine.restarts import restarts_for_secrets
from converge.kubernetes import secrets

SECRET = GeneratedSecret("web", "web-admin", {"password": "password"})
USES = {"env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "web-admin", "key": "password"}}}]}
BEFORE, AFTER = "2026-11-26T11:00:00Z", "2026-11-26T13:00:00Z"


def place(*, pod=BEFORE, owner="ReplicaSet", uses=USES, annotations=None, needs_restart=True, leaving=False):
    """One workload whose pod was made then; the Secret was written at noon."""
    spec = {"containers": [{"name": "web", **uses}]}
    fields = [{"time": "2026-11-26T12:00:00Z", "fieldsV1": {"f:data": {}}}, {"time": AFTER, "fieldsV1": {"f:metadata": {}}}]
    kept = {"metadata": {"name": "web-admin", "namespace": "web", "creationTimestamp": BEFORE, "managedFields": fields}}
    metadata = {"name": "web-1", "labels": {"app": "web"}, "creationTimestamp": pod, "ownerReferences": [{"kind": owner}]}
    metadata |= {"deletionTimestamp": AFTER} if leaving else {}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"annotations": annotations or {}}, "spec": spec}},
    }
    found = {"Secret": [kept], "Pod": [{"metadata": metadata, "spec": spec}], "Deployment": [deployment]}
    api = SimpleNamespace(list=lambda kind, *_, **__: found.get(kind, []))
    known = Credential(SECRET, lambda _: True, needs_restart=needs_restart)
    component = SimpleNamespace(secrets=lambda: [SECRET], credentials=lambda *_: [known])
    return [str(one.workload) for one in restarts_for_secrets(api, component, SimpleNamespace(inventory=None), None)]


def test_a_workload_whose_pod_is_older_than_the_value_is_behind() -> None:
    assert place() == ["Deployment web/web"]


@pytest.mark.parametrize(
    "so",
    [
        pytest.param({"pod": AFTER}, id="its pod is newer than the value"),
        pytest.param({"uses": {}}, id="its pod takes nothing from the Secret"),
        pytest.param({"owner": "Job"}, id="its pod runs to its end"),
        pytest.param({"leaving": True}, id="its pod is being replaced"),
        pytest.param({"annotations": {secrets.taken("web-admin"): "2026-11-26T12:00:00Z"}}, id="it was told already"),
        pytest.param({"needs_restart": False}, id="its product keeps the value itself"),
    ],
)
def test_a_workload_is_left_alone_where(so) -> None:
    assert place(**so) == []
