"""Where Argo CD is, what its Secrets are called, and how its server is reached with the token of the account ``ci``."""

from __future__ import annotations

from collections.abc import Mapping

from converge.apis.argo_cd import ArgoCdServer
from converge.components.argo_cd import tokens
from converge.components.terms import Access, GeneratedSecret
from converge.http import sibling
from converge.inventory import Inventory

NAMESPACE = "argocd"
GROUP_VERSION = "argoproj.io/v1alpha1"
HOST = "argocd"
GRPC_HOST = "argocd-grpc"

PART_OF = {"app.kubernetes.io/part-of": "argocd"}
"""The label without which the product takes no notice of a ConfigMap or Secret."""

CI = "ci"
"""The account of programs outside the cluster."""

SIGNATURE = GeneratedSecret(NAMESPACE, "argocd-signature", {"key": "password"})
"""What the server signs its own tokens with."""

CI_IDENTITY = GeneratedSecret(NAMESPACE, "argocd-ci", {"account": f"={CI}", "id": "password"})
"""Which token of the account is the one that opens."""

CI_TOKEN = "argocd-ci-token"  # noqa: S105 (a name)
"""The Secret with that token, under ``token``."""

API = "/api/version"
"""A page that answers a stranger."""

SIGN_ON = "/auth/login"
"""Signs a person in with the platform login, and leads to the page of the server."""


def url(inventory: Inventory) -> str:
    """``https://argocd.thinkube.test``."""
    return f"https://{inventory.host(HOST)}"


def ci_token(access: Access, **instead: str) -> str:
    """The token of the account ``ci``, as its Secrets would have it; ``key`` or ``id`` are tried in place of theirs."""
    key = instead.get("key") or access.secret(NAMESPACE, SIGNATURE.name, "key")
    identity = instead.get("id") or access.secret(NAMESPACE, CI_IDENTITY.name, "id")
    return tokens.signed(key, CI, identity)


def as_bearer(inventory: Inventory, access: Access, token: str) -> ArgoCdServer:
    """The server as the owner of a token sees it."""
    http = sibling(access.http)
    http.headers["Authorization"] = f"Bearer {token}"
    return ArgoCdServer(http, url(inventory))


def opens(inventory: Inventory, access: Access, values: Mapping[str, str]) -> bool:
    """Whether the server knows the account by a token that is made with these values."""
    return as_bearer(inventory, access, ci_token(access, **values)).who().get("username") == CI
