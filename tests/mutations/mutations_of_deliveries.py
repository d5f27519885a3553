"""Mutations of Argo CD: who may deliver, what is healed and pruned, whom it lets in, and how it is reached."""

from __future__ import annotations

from typing import Any

from mutation import Mutation, container, editing, in_client

from converge.components.argo_cd.server import NAMESPACE

DELIVERIES = "core/argo-cd.feature"


def _policy(**fields: str) -> Any:
    def change(config: dict[str, Any]) -> None:
        config["data"] |= {key.replace("_", "."): value for key, value in fields.items()}

    return editing("ConfigMap", "argocd-rbac-cm", NAMESPACE, change)


def _remembering(workload: dict[str, Any]) -> None:
    first = container(workload)
    first["args"] = [argument.replace("expiration=5s", "expiration=3h") for argument in first["args"]]


def _without_http_2(service: dict[str, Any]) -> None:
    service["metadata"]["annotations"].pop("traefik.ingress.kubernetes.io/service.serversscheme")


def _nowhere(client: dict[str, Any]) -> None:
    client["redirectUris"] = ["https://nowhere.invalid/auth/callback"]


TABLE = (
    Mutation(
        "whoever can sign in may deliver",
        "argo-cd",
        _policy(policy_default="role:admin"),
        (f"{DELIVERIES}::A person outside the administrators sees applications and delivers none",),
        "DID NOT RAISE",
    ),
    Mutation(
        "another group administers deliveries",
        "argo-cd",
        _policy(policy_csv="g, strangers, role:admin\n"),
        (f"{DELIVERIES}::An administrator delivers an application with the platform login",),
        "permission denied",
    ),
    Mutation(
        "the account for programs administers",
        "argo-cd",
        _policy(policy_csv="g, cluster-admins, role:admin\ng, ci, role:admin\n"),
        (f"{DELIVERIES}::The account for programs delivers applications and changes none",),
        "DID NOT RAISE",
    ),
    Mutation(
        "groups of people are not looked at",
        "argo-cd",
        _policy(scopes="[email]"),
        (f"{DELIVERIES}::An administrator delivers an application with the platform login",),
        "permission denied",
    ),
    Mutation(
        "what a branch stands for is remembered for hours",
        "argo-cd",
        editing("Deployment", "argocd-repo-server", NAMESPACE, _remembering),
        (f"{DELIVERIES}::A pushed change arrives in the cluster by itself",),
        "delivered",
    ),
    Mutation(
        "the realm sends the command line's people elsewhere",
        "argo-cd",
        in_client("argo-cd-cli", _nowhere),
        (f"{DELIVERIES}::A person signs in on the command line with the platform login",),
        "redirect",
    ),
    Mutation(
        "the host for gRPC speaks another protocol",
        "argo-cd",
        editing("Service", "argo-cd-grpc", NAMESPACE, _without_http_2),
        (f"{DELIVERIES}::A program delivers an application with the command line and the account for programs",),
        "Failed to invoke grpc call",
    ),
)
