"""The tags that a feature may carry: its area, its component, its issue, the kinds of promise, and the qualities that call for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from converge.engine.graph import nearest
from converge.errors import Fault

if TYPE_CHECKING:
    from converge.components.component import Component

AREAS = {
    "infrastructure": "what the components stand on",
    "core": "the core components",
    "optional": "the optional components",
    "platform": "promises that hold across components",
}
KINDS = {
    "sso": "a person signs in",
    "tls": "certificates and encryption",
    "data": "what was written is still there",
    "rollback": "data outlives a rollback",
    "rotation": "a generated Secret gets new values",
    "outage": "machines are stopped or emptied, and what was left is found again",
    "idempotence": "a second converge changes nothing",
    "resources": "requests, limits and probes",
    "security": "credentials, rights and users",
    "network": "names, addresses and routes",
    "negative": "what must be refused",
    "disruptive": "takes something away from a running component, such as its pods; left out by --verify-only",
    "exclusive": "changes what everybody sees of a component while it runs, such as a page",
    "time-consuming": "takes long, mostly by waiting: begun first where processes share a platform that stands",
}
QUALITIES = {
    "workloads": "runs programs for ever",
    "jobs": "runs programs to their end",
    "volumes": "keeps data on volumes",
    "hosts": "serves hosts of the domain",
    "sign-on": "signs people in with the platform login",
    "secrets": "generates Secrets that open something",
    "removable": "can be rolled back",
    "keepsake": "keeps what a user left behind in it",
    "nothing-to-lose": "keeps nothing of a user's",
}
"""What a component has that standard promises are made for."""


def known_tags(components: Iterable[Component]) -> dict[str, str]:
    """Every tag with its meaning: ``{"keycloak": "the component keycloak", "CORE-004": "the components of issue CORE-004", …}``."""
    made = list(components)
    issues = sorted({component.issue for component in made})
    return {
        **AREAS,
        **{component.name: f"the component {component.name}" for component in made},
        **{issue: f"the components of issue {issue}" for issue in issues},
        **KINDS,
        **{quality: f"a promise of every component that {meaning}" for quality, meaning in QUALITIES.items()},
    }


def tag_faults(file: str, tags: Iterable[tuple[int, str]], known: Iterable[str]) -> list[Fault]:
    """The tags of a file, each with its line, that mean nothing: ``….feature:1: unknown tag @keycloack (did you mean keycloak?)``."""
    names = set(known)
    return [Fault(file, line, f"unknown tag @{tag}{nearest(tag, names)}") for line, tag in tags if tag not in names]


def unknown_names(expression_names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names of a ``-m`` expression that select nothing, each with the nearest that do."""
    names = set(known)
    return [f"{name}{nearest(name, names)}" for name in sorted(expression_names) if name not in names]
