"""Who works on one component from inside: an account with rights in that component's namespace, and little beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.components.component import Component
from converge.components.harness.server import NAMESPACE, account
from converge.components.part import Part
from converge.components.parts.service_account import RBAC
from converge.components.terms import Context, KubernetesObject
from converge.kubernetes.applyset import parent_name
from converge.kubernetes.objects import SYSTEM_NAMESPACE

_LOOK = ["get", "list", "watch"]
_CHANGE = ["create", "patch", "update", "delete"]


class Runner(Part):
    """The account that runs on behalf of a component: ``Runner(valkey)``."""

    def __init__(self, component: Component) -> None:
        self._component = component
        self.requires = ("control-node", component.name)  # a Role lies in its namespace, which the operator's run makes

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``: the account, and a Role in each place where it has anything to do."""
        name = account(self._component.name)
        here = {"name": name, "namespace": NAMESPACE}
        found: list[KubernetesObject] = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": here}]
        found += _granted("Role", f"harness-{name}", self._component.namespace, self._on_it(context), here)
        found += _granted("Role", f"harness-{name}", SYSTEM_NAMESPACE, self._on_records(), here)
        found += _granted("ClusterRole", f"harness-{name}", "", self._everywhere(), here)
        return found

    def _on_it(self, context: Context) -> list[Mapping[str, Any]]:
        """What the component itself consists of may be changed; what runs it, followed, asked and lost."""
        kinds: dict[str, set[str]] = {}
        for obj in self._component.objects(context):
            if obj["metadata"].get("namespace") == self._component.namespace:
                kinds.setdefault(obj["apiVersion"].rpartition("/")[0], set()).add(_plural(obj["kind"]))
        kinds.setdefault("", set()).update(("secrets", "persistentvolumeclaims"))  # generated, and claimed by StatefulSets
        return [
            *({"apiGroups": [group], "resources": sorted(names), "verbs": _CHANGE} for group, names in sorted(kinds.items())),
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]},
            {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]},
            # What of other kinds is left there, a removal has to know; a verification, that none holds a credential.
            {"apiGroups": ["*"], "resources": ["*"], "verbs": _LOOK},
        ]

    def _on_records(self) -> list[Mapping[str, Any]]:
        """Only one writes at a time, and what was done is written down."""
        own = [parent_name(self._component.name), "record", "acceptance", "known-data"]
        return [
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", *_LOOK]},
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["converge"], "verbs": ["update", "patch"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get", "list"]},
            {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": own, "verbs": ["patch", "update", "delete"]},
        ]

    def _everywhere(self) -> list[Mapping[str, Any]]:
        """Its own namespace may be written; of the cluster itself it sees what it runs on."""
        names = [self._component.namespace]
        return [
            {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": names, "verbs": ["patch", "update"]},
            {"apiGroups": [""], "resources": ["namespaces", "nodes", "persistentvolumes"], "verbs": _LOOK},
            {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": ["get", "list"]},
            {"apiGroups": ["apiregistration.k8s.io"], "resources": ["apiservices"], "verbs": ["get", "list"]},
            {"apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "verbs": ["get", "list"]},
        ]


def _granted(kind: str, name: str, namespace: str, rules: Sequence[Mapping[str, Any]], to: Mapping[str, str]) -> list[KubernetesObject]:
    place = {"name": name} | ({"namespace": namespace} if namespace else {})
    return [
        {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": place, "rules": [dict(rule) for rule in rules]},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": place,
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", **to}],
        },
    ]


def _plural(kind: str) -> str:
    word = kind.lower()
    return word[:-1] + "ies" if word.endswith("y") and word[-2] not in "aeiou" else word + ("es" if word.endswith(("s", "ch")) else "s")
