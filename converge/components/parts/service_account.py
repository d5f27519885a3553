"""An identity in the Kubernetes API, and what it may do there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.components.part import Owner, Part
from converge.components.terms import Context, KubernetesObject

RBAC = "rbac.authorization.k8s.io"


class ServiceAccount(Part):
    """An account of the component's: ``ServiceAccount(self, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])``

    ``everywhere`` gives the rules in every namespace, ``there`` in another one than its own. ``keeps_token`` keeps a token in Secret
    ``<name>-token`` for programs outside the cluster; pods need none, theirs are short-lived and their own. ``annotations`` are what a
    product reads of it.
    """

    requires = ("control-node",)

    def __init__(
        self,
        owner: Owner,
        *,
        rules: Sequence[Mapping[str, Any]],
        name: str = "",
        everywhere: bool = False,
        there: str = "",
        keeps_token: bool = False,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name or owner.name
        self.token = f"{self.name}-token" if keeps_token else ""
        self._namespace = owner.namespace
        self._rules = [dict(rule) for rule in rules]
        self._everywhere = everywhere
        self._there = there or owner.namespace
        self._noted = {"annotations": dict(annotations)} if annotations else {}

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        here = {"name": self.name, "namespace": self._namespace}
        kind, place = ("ClusterRole", {"name": self.name}) if self._everywhere else ("Role", {"name": self.name, "namespace": self._there})
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": here | self._noted}
        role = {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": place, "rules": self._rules}
        binding = {
            "apiVersion": f"{RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": place,
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": self.name},
            "subjects": [{"kind": "ServiceAccount", **here}],
        }
        kept = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/service-account-token",
            "metadata": {
                "name": self.token,
                "namespace": self._namespace,
                "annotations": {"kubernetes.io/service-account.name": self.name},
            },
        }
        return (account, role, binding, *([kept] if self.token else []))
