"""CRDs and access rules of cert-manager, read from the pinned release's chart.

Of Helm's template language these files use no more than names and blocks around optional labels. So names are put in, lines that hold
nothing but a directive are dropped, and anything else that is templated is an error: a newer release cannot slip through half understood.
Source: cert-manager v1.11.5, deploy/crds and deploy/charts/cert-manager/templates.
"""

from __future__ import annotations

import re
from pathlib import Path

from converge.components import manifests
from converge.components.component import KubernetesObject

_NAMES = {
    'template "cert-manager.name" .': "cert-manager",
    'include "cert-manager.name" .': "cert-manager",
    'template "cert-manager.fullname" .': "cert-manager",
    'include "cert-manager.fullname" .': "cert-manager",
    'template "cert-manager.serviceAccountName" .': "cert-manager",
    'include "cert-manager.namespace" .': "cert-manager",
    'include "cainjector.name" .': "cainjector",
    'template "cainjector.fullname" .': "cert-manager-cainjector",
    'include "cainjector.fullname" .': "cert-manager-cainjector",
    'template "cainjector.serviceAccountName" .': "cert-manager-cainjector",
    'include "webhook.name" .': "webhook",
    'template "webhook.fullname" .': "cert-manager-webhook",
    'template "webhook.serviceAccountName" .': "cert-manager-webhook",
    ".Release.Name": "cert-manager",
    ".Values.global.leaderElection.namespace": "cert-manager",
}
_DIRECTIVE_LINE = re.compile(r'^\s*(#.*)?\{\{-?\s*(if|else|end|with|include "labels")(?!\w).*\}\}\s*$')
_EXPRESSION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")


def crds(release: Path) -> list[KubernetesObject]:
    """The CustomResourceDefinitions."""
    return [item for path in sorted((release / "deploy" / "crds").glob("crd-*.yaml")) for item in _objects(path)]


def access_rules(release: Path) -> list[KubernetesObject]:
    """Roles, cluster roles and their bindings of the controller, the webhook and the cainjector."""
    templates = release / "deploy" / "charts" / "cert-manager" / "templates"
    return [item for file in ("rbac", "webhook-rbac", "cainjector-rbac") for item in _objects(templates / f"{file}.yaml")]


def rendered(text: str) -> str:
    """The template with its names put in.

    Raises:
        ValueError: it uses something else of the template language.
    """
    lines = (line for line in text.splitlines() if not _DIRECTIVE_LINE.match(line))
    return "\n".join(_EXPRESSION.sub(_value, line) for line in lines) + "\n"


def _value(expression: re.Match[str]) -> str:
    try:
        return _NAMES[expression.group(1)]
    except KeyError:
        raise ValueError(f"a template of the pinned release uses {expression.group()}, which is not expected there") from None


def _objects(path: Path) -> list[KubernetesObject]:
    return manifests.parse(rendered(path.read_text(encoding="utf-8")))
