import base64
import json
from typing import Any

from converge.acceptance import workload_faults

BOUNDED = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1m", "memory": "1Mi"}}


def workload(kind: str = "Deployment", *, pod: dict[str, Any] | None = None, **container: Any) -> dict[str, Any]:
    spec = {
        "template": {"spec": {"containers": [{"name": "main", **container}], **(pod or {})}},
        "selector": {"matchLabels": {"app": "web"}},
    }
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


class FakeApi:
    def __init__(self, *objects: dict[str, Any]) -> None:
        self.objects = objects

    def list(self, kind: str, namespace: str = "", **_: str) -> list[dict[str, Any]]:
        return [item for item in self.objects if item["kind"] == kind and item["metadata"]["namespace"] == namespace]


def secret(name: str, **values: str) -> dict[str, Any]:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "shop"}, "data": data}


def config(text: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "shop"}, "data": {"file": text}}


def exposed(*objects: dict[str, Any]) -> list[str]:
    api: Any = FakeApi(*objects)
    return workload_faults.exposed(api, ["shop"], lambda secret, key: key == "password")


def test_each_missing_request_and_limit_is_named() -> None:
    partly = workload(resources={"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1m"}})
    assert workload_faults.without_resources([workload(resources=BOUNDED)]) == []
    assert workload_faults.without_resources([partly]) == ["Deployment shop/web, main: no limits.memory"]
    assert len(workload_faults.without_resources([workload()])) == 4


def test_init_containers_need_bounds_but_no_probes() -> None:
    initial = workload(pod={"initContainers": [{"name": "first"}]}, resources=BOUNDED, livenessProbe={}, readinessProbe={})
    assert len(workload_faults.without_resources([initial])) == 4
    assert workload_faults.without_probes([initial]) == []


def test_what_runs_for_ever_needs_both_probes() -> None:
    assert workload_faults.without_probes([workload(readinessProbe={})]) == ["Deployment shop/web, main: no livenessProbe"]
    assert workload_faults.without_probes([workload("CronJob")]) == []


def test_the_containers_own_word_about_its_user_counts() -> None:
    assert workload_faults.as_root([workload(pod={"securityContext": {"runAsNonRoot": True, "runAsUser": 1000}})]) == []
    assert workload_faults.as_root([workload(pod={"securityContext": {"runAsNonRoot": True}}, securityContext={"runAsUser": 0})])
    assert workload_faults.as_root([workload()]) == ["Deployment shop/web, main: user of the image, runAsNonRoot False"]


def test_a_credential_in_a_configuration_is_found_and_not_repeated() -> None:
    (fault,) = exposed(secret("db", password="correct-horse-battery"), config("url=postgres://app:correct-horse-battery@db"))
    assert fault == "ConfigMap shop/settings: value of Secret db, key password"
    assert "correct-horse" not in fault


def test_a_credential_that_was_encoded_is_found_too() -> None:
    assert exposed(secret("db", password="correct-horse-battery"), config(base64.b64encode(b"correct-horse-battery").decode()))


def test_a_credential_with_quotes_is_found_inside_json() -> None:
    value = 'say "friend" and\\enter'
    assert exposed(secret("db", password=value), config(value))


def test_what_is_no_credential_may_stand_anywhere() -> None:
    assert exposed(secret("db", username="shop-application"), config("user=shop-application")) == []
    assert exposed(secret("db", password="correct-horse-battery"), config(json.dumps({"a": 1}))) == []
