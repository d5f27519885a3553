"""Which URL a kind of object has: the built-in kinds are known, others are asked for once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from converge.kubernetes.failures import ApiRefused


@dataclass(frozen=True)
class Resource:
    """Where objects of one kind live: ``Resource("apps/v1", "Deployment", "deployments", True)``."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def root(self) -> str:
        """``/apis/apps/v1`` or ``/api/v1``."""
        return ("/apis/" if "/" in self.api_version else "/api/") + self.api_version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """``/apis/apps/v1/namespaces/keycloak/deployments/keycloak``."""
        parts = [self.root]
        if namespace and self.namespaced:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        parts.extend(part for part in (name, subresource) if part)
        return "/".join(parts)


def _table(api_version: str, namespaced: bool, kinds: str) -> dict[str, Resource]:
    return {kind: Resource(api_version, kind, _plural(kind), namespaced) for kind in kinds.split()}


def _plural(kind: str) -> str:
    word = kind.lower()
    if word == "endpoints":
        return word
    if word.endswith(("s", "ch")):
        return word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2] not in "aeiou" else word + "s"


BUILT_IN: dict[str, Resource] = {
    **_table(
        "v1",
        True,
        "ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod ReplicationController ResourceQuota Secret Service ServiceAccount",
    ),
    **_table("v1", False, "Namespace Node PersistentVolume"),
    **_table("apps/v1", True, "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet"),
    **_table("batch/v1", True, "CronJob Job"),
    **_table("autoscaling/v2", True, "HorizontalPodAutoscaler"),
    **_table("coordination.k8s.io/v1", True, "Lease"),
    **_table("discovery.k8s.io/v1", True, "EndpointSlice"),
    **_table("networking.k8s.io/v1", True, "Ingress NetworkPolicy"),
    **_table("networking.k8s.io/v1", False, "IngressClass"),
    **_table("policy/v1", True, "PodDisruptionBudget"),
    **_table("rbac.authorization.k8s.io/v1", True, "Role RoleBinding"),
    **_table("rbac.authorization.k8s.io/v1", False, "ClusterRole ClusterRoleBinding"),
    **_table("scheduling.k8s.io/v1", False, "PriorityClass"),
    **_table("storage.k8s.io/v1", False, "CSIDriver StorageClass VolumeAttachment"),
    **_table(
        "admissionregistration.k8s.io/v1",
        False,
        "MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
    ),
    **_table("apiextensions.k8s.io/v1", False, "CustomResourceDefinition"),
    **_table("apiregistration.k8s.io/v1", False, "APIService"),
}


class UnknownKind(ApiRefused):
    """The server serves no such kind (its CRD is not there, or not yet)."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"a server that knows {kind}",
            404,
            {},
            cause="its CustomResourceDefinition is not installed",
            next_command=f"kubectl api-resources | grep -i {kind.split('.')[0]}",
        )


class Discovery:
    """Finds and remembers the resources of kinds that are not built in; what is unknown is asked for again each time.

    ``fetch("/apis/cert-manager.io/v1")`` returns the JSON there, or None where there is nothing.
    """

    def __init__(self, fetch: Callable[[str], dict[str, Any] | None]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Resource] = {}
        self._versions: dict[str, str] = {}

    def resource(self, kind: str, api_version: str = "") -> Resource:
        """The resource of ``Pod``, of ``Certificate.cert-manager.io``, or of a kind and its ``apiVersion``.

        Raises:
            UnknownKind: the server serves no such kind.
        """
        name, _, group = kind.partition(".")
        built_in = BUILT_IN.get(name)
        if built_in and (
            built_in.api_version == api_version or (not api_version and group in ("", built_in.api_version.rpartition("/")[0]))
        ):
            return built_in
        for version in [api_version] if api_version else self._candidates(group):
            found = self._known.get((version, name)) or self._read(version, name)
            if found:
                return found
        self._versions.pop(group, None)
        raise UnknownKind(f"{name} in {api_version}" if api_version else kind)

    def namespaced(self, aggregated: Collection[str] = ()) -> list[Resource]:
        """Everything that lives in namespaces and can be listed, in each group's preferred version.

        ``aggregated`` are versions ("metrics.k8s.io/v1beta1") that other servers serve: they may be down and are left out.
        """
        groups = (self._fetch("/apis") or {}).get("groups") or ()
        versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
        found: list[Resource] = []
        for version in (version for version in versions if version not in aggregated):
            root = ("/apis/" if "/" in version else "/api/") + version
            found.extend(resource for resource, verbs in _resources(version, self._fetch(root)) if resource.namespaced and "list" in verbs)
        return found

    def _candidates(self, group: str) -> list[str]:
        if not group:
            return ["v1"]
        if group not in self._versions:
            answer = self._fetch(f"/apis/{group}")
            if answer is None:
                return []
            self._versions[group] = answer["preferredVersion"]["groupVersion"]
        return [self._versions[group]]

    def _read(self, api_version: str, kind: str) -> Resource | None:
        answer = self._fetch(("/apis/" if "/" in api_version else "/api/") + api_version)
        with self._lock:
            for resource, _ in _resources(api_version, answer):
                self._known[api_version, resource.kind] = resource
            return self._known.get((api_version, kind))


def _resources(api_version: str, answer: dict[str, Any] | None) -> list[tuple[Resource, list[str]]]:
    return [
        (Resource(api_version, entry["kind"], entry["name"], bool(entry["namespaced"])), entry.get("verbs") or [])
        for entry in (answer or {}).get("resources") or ()
        if "/" not in entry["name"]
    ]
