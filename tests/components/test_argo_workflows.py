"""Argo Workflows: who may do what, and what its configuration says in another language than YAML of Kubernetes."""

from collections.abc import Callable
from typing import Any

import yaml

from converge.components import manifests
from converge.components.argo_workflows.component import ArgoWorkflows
from converge.components.terms import Context
from converge.inventory import Inventory

ContextOf = Callable[..., Context]


def objects(context: ContextOf, inventory: Inventory | None = None) -> list[dict[str, Any]]:
    made = inventory or Inventory()
    return list(ArgoWorkflows(made).objects(context(made)))


def rules(found: list[dict[str, Any]], name: str) -> list[tuple[str, set[str], set[str]]]:
    role = manifests.only(found, "Role", name)
    return [(rule["apiGroups"][0], set(rule["resources"]), set(rule["verbs"])) for rule in role["rules"]]


def test_what_the_release_brings_is_in_the_namespace(context: ContextOf) -> None:
    found = objects(context)
    placed = [item for item in found if item["kind"] not in ("CustomResourceDefinition", "Namespace")]
    assert {item["metadata"]["namespace"] for item in placed} == {"argo"}
    assert {subject["namespace"] for item in found for subject in item.get("subjects", ())} == {"argo"}


def test_each_group_has_an_account_whose_token_the_server_finds(context: ContextOf) -> None:
    found = objects(context)
    secrets = {item["metadata"]["name"] for item in found if item["kind"] == "Secret"}
    told = {}
    for item in found:
        notes = item["metadata"].get("annotations", {})
        if item["kind"] == "ServiceAccount" and "workflows.argoproj.io/rbac-rule" in notes:
            told[notes["workflows.argoproj.io/rbac-rule"]] = notes["workflows.argoproj.io/rbac-rule-precedence"]
            assert notes["workflows.argoproj.io/service-account-token.name"] in secrets
    assert told == {
        f"'{group}' in (get($env, \"groups\") ?? [])": precedence
        for group, precedence in (("cluster-admins", "2"), ("workflow-viewers", "1"))
    }


def test_viewers_change_nothing_and_read_no_secret_but_those_of_the_bucket(context: ContextOf) -> None:
    found = objects(context)
    assert all(verbs <= {"get", "list", "watch"} for _, _, verbs in rules(found, "workflow-viewers"))
    role = manifests.only(found, "Role", "workflow-viewers")
    (secrets,) = [rule for rule in role["rules"] if "secrets" in rule["resources"]]
    assert secrets["resourceNames"] == ["argo-workflows-bucket", "artifacts-ca"]


def test_automation_has_workflows_only(context: ContextOf) -> None:
    found = rules(objects(context), "automation")
    assert {group for group, _, _ in found} == {"argoproj.io"}
    assert {name for _, names, verbs in found if verbs - {"get", "list", "watch"} for name in names} == {"workflows"}


def test_steps_get_no_token_and_pass_the_strictest_pod_security(context: ContextOf) -> None:
    config = manifests.only(objects(context), "ConfigMap", "workflow-controller-configmap")["data"]
    spec = yaml.safe_load(config["workflowDefaults"])["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["executor"] == {"serviceAccountName": "workflow-executor"}
    assert spec["securityContext"]["runAsNonRoot"]
    for kind in ("executor", "mainContainer"):
        container = yaml.safe_load(config[kind])
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]


def test_files_travel_to_the_bucket_over_verified_tls(context: ContextOf) -> None:
    config = manifests.only(objects(context), "ConfigMap", "workflow-controller-configmap")["data"]
    repository = yaml.safe_load(config["artifactRepository"])
    s3 = repository["s3"]
    assert (repository["archiveLogs"], s3["endpoint"], s3["insecure"]) == (True, "minio.thinkube.test", False)
    assert s3["caSecret"] == {"name": "artifacts-ca", "key": "ca.crt"}
    assert s3["keyFormat"] == "{{workflow.name}}/{{pod.name}}"


def test_people_come_back_from_the_login_to_the_servers_host(context: ContextOf) -> None:
    config = manifests.only(objects(context), "ConfigMap", "workflow-controller-configmap")["data"]
    sso = yaml.safe_load(config["sso"])
    assert (sso["issuer"], sso["redirectUrl"]) == (
        "https://auth.thinkube.test/realms/thinkube",
        "https://argo.thinkube.test/oauth2/callback",
    )
    assert sso["rbac"] == {"enabled": True}
