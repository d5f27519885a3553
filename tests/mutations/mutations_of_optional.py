"""Mutations of the optional components: what is measured and who sees it, and who logs what to MLflow."""

from __future__ import annotations

from typing import Any

import yaml
from mutation import Act, Mutation, container, edit, editing, sql, with_argument, without_arguments

from converge.components.mlflow.server import SERVICE as MLFLOW
from converge.components.opensearch.server import ADMINISTRATORS, EDITORS, VIEWERS, as_administrator
from converge.components.prometheus.server import NAMESPACE as MONITORING
from converge.components.prometheus.server import SERVICE as PROMETHEUS
from converge.engine.platform import Platform

METRICS = "optional/prometheus.feature"
RUNS = "optional/mlflow.feature"
DOCUMENTS = "optional/opensearch.feature"
NOTEBOOKS = "optional/jupyterhub.feature"


def _configured(file: str, change: Any) -> Act:
    """Change a file that Prometheus reads, and let it start anew."""

    def change_file(configuration: dict[str, Any]) -> None:
        read = yaml.safe_load(configuration["data"][file])
        change(read)
        configuration["data"][file] = yaml.safe_dump(read)

    def start_anew(workload: dict[str, Any]) -> None:
        workload["spec"]["template"]["metadata"]["annotations"]["thinkube.dev/configuration"] = "another"

    def act(platform: Platform) -> None:
        edit(platform, "ConfigMap", f"{PROMETHEUS}-configuration", MONITORING, change_file)
        edit(platform, "StatefulSet", PROMETHEUS, MONITORING, start_anew)

    return act


def _unverified(configuration: dict[str, Any]) -> None:
    (kubelet,) = (one for one in configuration["scrape_configs"] if one["job_name"] == "kubelet")
    kubelet["tls_config"]["insecure_skip_verify"] = True


def _without_first_rule(rules: dict[str, Any]) -> None:
    del rules["groups"][0]["rules"][0]


def _unknown(configuration: dict[str, Any]) -> None:
    (kubelet,) = (one for one in configuration["scrape_configs"] if one["job_name"] == "kubelet")
    del kubelet["authorization"]


def _silent(service: dict[str, Any]) -> None:
    del service["metadata"]["annotations"]


def _without_origins(workload: dict[str, Any]) -> None:
    container(workload)["env"] = [one for one in container(workload)["env"] if one["name"] != "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"]


def _unguarded(workload: dict[str, Any]) -> None:
    container(workload)["command"] = ["mlflow", "server"]


def _on_its_own_disk(workload: dict[str, Any]) -> None:
    args = container(workload)["args"]
    args[:] = [*(one for one in args if "artifacts-destination" not in one), "--artifacts-destination=/tmp/artifacts"]


def _held_by(role: str, *groups: str) -> Act:
    def act(platform: Platform) -> None:
        as_administrator(platform.inventory, platform.access).write_item("rolesmapping", role, {"backend_roles": list(groups)})

    return act


def _hub_may(resource: str, verb: str, group: str = "") -> Act:
    def change(role: dict[str, Any]) -> None:
        role["rules"].append({"apiGroups": [group], "resources": [resource], "verbs": [verb]})

    return editing("Role", "jupyterhub-server", "jupyterhub", change)


TABLE = (
    Mutation(
        "the hub reads Secrets",
        "jupyterhub",
        _hub_may("secrets", "list"),
        (f"{NOTEBOOKS}::The hub may make pods and volumes of people, and nothing elsewhere",),
        "secrets",
    ),
    Mutation(
        "the hub makes more than pods and volumes",
        "jupyterhub",
        _hub_may("deployments", "create", "apps"),
        (f"{NOTEBOOKS}::The hub may make pods and volumes of people, and nothing elsewhere",),
        "deployments",
    ),
    Mutation(
        "who may look into OpenSearch writes too",
        "opensearch",
        _held_by(EDITORS, EDITORS, VIEWERS),
        (f"{DOCUMENTS}::A person's group decides what may be done in OpenSearch[opensearch-viewer-read]",),
        "write",
    ),
    Mutation(
        "who may write into OpenSearch administers it",
        "opensearch",
        _held_by("all_access", "admin", ADMINISTRATORS, EDITORS),
        (f"{DOCUMENTS}::A person's group decides what may be done in OpenSearch[opensearch-editor-read and write]",),
        "administer",
    ),
    Mutation(
        "viewers of OpenSearch see nothing",
        "opensearch",
        _held_by("readall", "nobody"),
        (f"{DOCUMENTS}::A person's group decides what may be done in OpenSearch[opensearch-viewer-read]",),
        "read",
    ),
    Mutation(
        "Prometheus shows the kubelets no token",
        "prometheus",
        _configured("prometheus.yml", _unknown),
        (f"{METRICS}::Everything that has metrics is scraped",),
        "401 Unauthorized",
    ),
    Mutation(
        "Prometheus does not verify whom it scrapes",
        "prometheus",
        _configured("prometheus.yml", _unverified),
        (f"{METRICS}::Kubernetes is scraped over verified TLS, by an account that may only read",),
        "kubelet",
    ),
    Mutation(
        "a component does not say that it has metrics",
        "keycloak",
        editing("Service", "keycloak-metrics", "keycloak", _silent),
        (f"{METRICS}::Everything that has metrics is scraped",),
        "keycloak-metrics",
    ),
    Mutation(
        "nobody is told what is not scraped",
        "prometheus",
        _configured("rules.yml", _without_first_rule),
        (f"{METRICS}::Every rule for alerts is loaded and can be evaluated",),
        "TargetDown",
    ),
    Mutation(
        "everybody sees what the platform measures",
        "prometheus",
        editing("Deployment", "prometheus", MONITORING, without_arguments("--allowed-group=")),
        (f"{METRICS}::A person who is no administrator sees no metrics",),
        "DID NOT RAISE",
    ),
    Mutation(
        "samples can be deleted over the API",
        "prometheus",
        editing("StatefulSet", PROMETHEUS, MONITORING, with_argument("--web.enable-admin-api")),
        (f"{METRICS}::Nobody writes or stops Prometheus over its API",),
        "delete_series",
    ),
    Mutation(
        "everybody sees the platform's databases",
        "pgadmin",
        editing("Deployment", "pgadmin", "pgadmin", without_arguments("--allowed-group=")),
        ("optional/pgadmin.feature::A person who is no administrator sees no databases",),
        "DID NOT RAISE",
    ),
    Mutation(
        "pgAdmin's role may not see other databases",
        "pgadmin",
        sql("ALTER ROLE pgadmin NOSUPERUSER;"),
        ("optional/pgadmin.feature::An administrator looks into another component's database",),
        "permission denied",
    ),
    Mutation(
        "MLflow answers whoever reaches it",
        "mlflow",
        editing("Deployment", MLFLOW, "mlflow", _unguarded),
        (f"{RUNS}::MLflow answers nobody in the cluster who comes past the login proxy",),
        "only the login proxy may ask",
    ),
    Mutation(
        "MLflow's pages may write nothing",
        "mlflow",
        editing("Deployment", MLFLOW, "mlflow", _without_origins),
        (f"{RUNS}::A person adds to an experiment from its page",),
        "Cross-origin",
    ),
    Mutation(
        "people's programs are refused with a token",
        "mlflow",
        editing("Deployment", "mlflow", "mlflow", without_arguments("--skip-jwt-bearer-tokens")),
        (f"{RUNS}::A run with a metric and a file is logged from this machine and read back",),
        "401",
    ),
    Mutation(
        "tokens for another client open MLflow",
        "mlflow",
        editing("Deployment", "mlflow", "mlflow", with_argument("--oidc-extra-audience=kubernetes")),
        (f"{RUNS}::Nobody asks MLflow without a token of their own for it[a token for another client]",),
        "DID NOT RAISE",
    ),
    Mutation(
        "files of runs are lost with MLflow's pod",
        "mlflow",
        editing("Deployment", MLFLOW, "mlflow", _on_its_own_disk),
        (f"{RUNS}::Files of runs lie in object storage, to which their programs have no key",),
        "artifacts/letter.txt",
    ),
)
