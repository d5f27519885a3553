"""Mutations of workflows and the dashboard: who may start, see and read what."""

from __future__ import annotations

from typing import Any

from mutation import Mutation, container, editing, with_argument

from converge.kubernetes.objects import KubernetesObject

WORKFLOWS = "core/argo-workflows.feature"
HARNESS = "core/harness.feature"
DASHBOARD = "core/dashboard.feature"


def _fits_everybody(account: KubernetesObject) -> None:
    account["metadata"]["annotations"]["workflows.argoproj.io/rbac-rule"] = "true"


def _allowing(resource: str, *verbs: str, group: str = "") -> Any:
    def change(role: KubernetesObject) -> None:
        role["rules"].append({"apiGroups": [group], "resources": [resource], "verbs": list(verbs)})

    return change


def _for_nobody(binding: KubernetesObject) -> None:
    binding["subjects"][0]["name"] = "nobody"


def _administered_by(group: str) -> Any:
    def change(workload: dict[str, Any]) -> None:
        next(one for one in container(workload)["env"] if one["name"] == "ADMINISTRATORS")["value"] = group

    return change


TABLE = (
    Mutation(
        "everybody with a login sees workflows",
        "argo-workflows",
        editing("ServiceAccount", "workflow-viewers", "argo", _fits_everybody),
        (f"{WORKFLOWS}::A person outside the groups is refused",),
        "DID NOT RAISE",
    ),
    Mutation(
        "who may only look starts workflows",
        "argo-workflows",
        editing("Role", "workflow-viewers", "argo", _allowing("workflows", "create", group="argoproj.io")),
        (f"{WORKFLOWS}::A person who may only look starts nothing",),
        "DID NOT RAISE",
    ),
    Mutation(
        "the token for automation reads Secrets",
        "argo-workflows",
        editing("Role", "automation", "argo", _allowing("secrets", "list")),
        (f"{WORKFLOWS}::The token for automation opens workflows and nothing else",),
        "DID NOT RAISE",
    ),
    Mutation(
        "workflows are shown without a login",
        "argo-workflows",
        editing("Deployment", "argo-server", "argo", with_argument("--auth-mode=server")),
        (f"{WORKFLOWS}::Nobody sees workflows without a login",),
        "DID NOT RAISE",
    ),
    Mutation(
        "the dashboard's account reads Secrets",
        "dashboard",
        editing("ClusterRole", "dashboard-server", "", _allowing("secrets", "get")),
        (f"{DASHBOARD}::The dashboard's account may read what is shown and nothing else",),
        "secrets",
    ),
    Mutation(
        "the dashboard's account writes",
        "dashboard",
        editing("ClusterRole", "dashboard-server", "", _allowing("pods", "delete")),
        (f"{DASHBOARD}::The dashboard's account may read what is shown and nothing else",),
        "delete",
    ),
    Mutation(
        "the dashboard knows no administrators",
        "dashboard",
        editing("Deployment", "dashboard-server", "dashboard", _administered_by("nobody")),
        (f"{DASHBOARD}::An administrator reads the log of a component's pod",),
        "",
    ),
    Mutation(
        "who works on Valkey from inside reads every Secret",
        "harness",
        editing("ClusterRole", "harness-valkey", "", _allowing("secrets", "get", "list")),
        (f"{HARNESS}::A run inside may work on its component and nothing else",),
        "keycloak",
    ),
    Mutation(
        "who works on Valkey from inside changes pods everywhere",
        "harness",
        editing("ClusterRole", "harness-valkey", "", _allowing("pods", "delete")),
        (f"{HARNESS}::A run inside may work on its component and nothing else",),
        "delete",
    ),
    Mutation(
        "workflows may start no run of the harness",
        "harness",
        editing("RoleBinding", "harness-starter", "harness", _for_nobody),
        (f"{HARNESS}::A workflow deploys a component from inside the platform",),
        "cannot create resource",
    ),
)
