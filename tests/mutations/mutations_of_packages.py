"""Mutations of the package index: who may put what into it, and who sees its pages."""

from __future__ import annotations

from typing import Any

from mutation import Act, Mutation, container, editing, without_arguments

from converge.components.devpi.server import PRODUCTION, as_root
from converge.engine.platform import Platform

PACKAGES = "core/devpi.feature"


def _in_index(**fields: Any) -> Act:
    def act(platform: Platform) -> None:
        as_root(platform.inventory, platform.access).write_index(PRODUCTION, fields)

    return act


def _pages_for_everybody(workload: dict[str, Any]) -> None:
    for variable in container(workload)["env"]:
        if variable["name"] == "DEVPI_PAGES_HOST":
            variable["value"] = variable["value"].replace("devpi.", "devpi-api.", 1)


def _framed(ingress: dict[str, Any]) -> None:
    del ingress["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.middlewares"]


TABLE = (
    Mutation(
        "released packages may be replaced",
        "devpi",
        _in_index(volatile=True),
        (f"{PACKAGES}::A released version stays as it is",),
        "DID NOT RAISE",
    ),
    Mutation(
        "everybody may upload packages",
        "devpi",
        _in_index(acl_upload=[":ANONYMOUS:"]),
        (f"{PACKAGES}::Nobody uploads a package without the right credentials[no credentials-401]",),
        "DID NOT RAISE",
    ),
    Mutation(
        "pages of packages are shown past the platform login",
        "devpi",
        editing("StatefulSet", "devpi-server", "devpi", _pages_for_everybody),
        (f"{PACKAGES}::The pages of the package index cannot be reached past the platform login",),
        "DID NOT RAISE",
    ),
    Mutation(
        "any site may show the pages of packages in a frame",
        "devpi",
        editing("Ingress", "devpi", "devpi", _framed),
        (f"{PACKAGES}::Whoever is signed in to the platform opens devpi without a password",),
        "any site may",
    ),
    Mutation(
        "browsers are told nothing about TLS and content",
        "ingress",
        editing("Deployment", "traefik", "ingress", without_arguments("--entrypoints.websecure.http.middlewares=")),
        (f"{PACKAGES}::Every host of devpi is certified, and served over TLS only",),
        "max-age",
    ),
)
