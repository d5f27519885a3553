"""What is wrong with workloads: requests, limits, probes, users, volumes and credentials of their containers.

All judgements are made on the objects as the API server has them, never on what was asked for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.workloads import LASTING, containers, pod_spec

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

CREDENTIAL_KINDS = ("ConfigMap", "Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Ingress", "Service")
"""Where a credential must not stand."""


def without_resources(workloads: Iterable[KubernetesObject]) -> list[str]:
    """Containers that lack a request or a limit for CPU or memory: ``["Deployment ingress/traefik, traefik: no limits.memory"]``."""
    wanted = [(side, amount) for side in ("requests", "limits") for amount in ("cpu", "memory")]
    return [
        f"{where}: no {side}.{amount}"
        for where, container in containers(workloads, initial=True)
        for side, amount in wanted
        if amount not in container.get("resources", {}).get(side, {})
    ]


def without_probes(workloads: Iterable[KubernetesObject]) -> list[str]:
    """Containers of what runs for ever that lack a liveness or readiness probe; what runs to its end needs none."""
    lasting = [workload for workload in workloads if workload["kind"] in LASTING]
    return [
        f"{where}: no {probe}"
        for where, container in containers(lasting, initial=False)
        for probe in ("livenessProbe", "readinessProbe")
        if probe not in container
    ]


def as_root(workloads: Iterable[KubernetesObject]) -> list[str]:
    """Containers that are root, or that the kubelet would not keep from being root."""
    faults = []
    for workload in workloads:
        pod = pod_spec(workload)
        for where, container in containers([workload], initial=True):
            security = pod.get("securityContext", {}) | container.get("securityContext", {})
            if security.get("runAsUser") == 0 or not security.get("runAsNonRoot"):
                faults.append(
                    f"{where}: user {security.get('runAsUser', 'of the image')}, runAsNonRoot {security.get('runAsNonRoot', False)}"
                )
    return faults


def without_volumes(workloads: Iterable[KubernetesObject]) -> list[str]:
    """Stateful workloads that would lose with a pod what they write: they claim no volume, or mount another one in its place."""
    faults = []
    for workload in workloads:
        if workload["kind"] == "StatefulSet":
            claims = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
            mounted = {mount["name"] for _, container in containers([workload]) for mount in container.get("volumeMounts", [])}
            faults += [f"{Ref.of(workload)}: claims no volume"] if not claims else []
            faults += [f"{Ref.of(workload)}: no container mounts the claim {name}" for name in sorted(claims - mounted)]
    return faults


def exposed(api: Api, namespaces: Iterable[str], is_credential: Callable[[KubernetesObject, str], bool]) -> list[str]:
    """Objects that hold a credential outside a Secret: ``["ConfigMap keycloak/realm: value of Secret keycloak-admin, key password"]``.

    The values themselves are in no answer and no error.
    """
    faults = []
    for namespace in sorted(set(namespaces)):
        values = {
            f"value of Secret {secret['metadata']['name']}, key {key}": base64.b64decode(text).decode("utf-8", "replace").strip()
            for secret in api.list("Secret", namespace)
            for key, text in (secret.get("data") or {}).items()
            if is_credential(secret, key)
        }
        for kind in CREDENTIAL_KINDS:
            for item in api.list(kind, namespace):
                text = json.dumps({name: part for name, part in item.items() if name != "status"}, ensure_ascii=False)
                faults += [f"{Ref.of(item)}: {what}" for what, value in values.items() if _occurs(value, text)]
    return faults


def _occurs(value: str, text: str) -> bool:
    """Short values are no credentials of ours and would be found everywhere."""
    encoded = base64.b64encode(value.encode()).decode()
    return len(value) >= 12 and (json.dumps(value, ensure_ascii=False)[1:-1] in text or encoded in text)
