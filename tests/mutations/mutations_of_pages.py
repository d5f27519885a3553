"""Mutations of the documentation: who reads it, what is served, who hears of a push, and what the one who delivers may do."""

from __future__ import annotations

from typing import Any

from mutation import Mutation, editing

from converge.components.git.server import server
from converge.components.mkdocs import site
from converge.components.mkdocs.delivery import ACCOUNT
from converge.engine.platform import Platform

PAGES = "core/mkdocs.feature"


def _past_the_login(ingress: dict[str, Any]) -> None:
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            path["backend"]["service"] = {"name": site.SERVER, "port": {"name": "http"}}


def _without_release(workload: dict[str, Any]) -> None:
    del workload["spec"]["template"]["metadata"]["annotations"][site.RELEASE]


def _may_read_secrets(role: dict[str, Any]) -> None:
    role["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]})


def _tell_nobody(platform: Platform) -> None:
    server(platform.access).unhook("mkdocs")


TABLE = (
    Mutation(
        "the documentation is shown past the platform login",
        "mkdocs",
        editing("Ingress", "mkdocs", site.NAMESPACE, _past_the_login),
        (f"{PAGES}::Nobody reads the documentation without the platform login",),
        "DID NOT RAISE",
    ),
    Mutation(
        "no release of the documentation is served",
        "mkdocs",
        editing("Deployment", site.SERVER, site.NAMESPACE, _without_release),
        (f"{PAGES}::A person reads the platform's documentation with the platform login",),
        "The documentation has not been built yet",
    ),
    Mutation(
        "pushes to the documentation are told to nobody",
        "mkdocs",
        _tell_nobody,
        (f"{PAGES}::What somebody pushes to the documentation is read soon after",),
        "to be served",
    ),
    Mutation(
        "who delivers the documentation reads secrets",
        "mkdocs",
        editing("Role", ACCOUNT, site.NAMESPACE, _may_read_secrets),
        (f"{PAGES}::Who delivers the documentation may change what is served and nothing else",),
        "DID NOT RAISE",
    ),
)
