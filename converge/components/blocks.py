"""Shapes that repeat, once each: a namespace, a locked-down container, resources, probes, a web host behind TLS.

All are pure and give plain JSON data; manifests use them by name (``resources: {{ resources("100m/500m", "128Mi/512Mi") }}``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from converge.components.terms import KubernetesObject

__all__ = ["exec_probe", "http_probe", "locked_down", "namespace", "pod_security", "resources", "tcp_probe", "trusting", "web_host"]

INGRESS_CLASS = "traefik"
"""The IngressClass that the ingress serves, and the cluster's default."""


def namespace(name: str, *, security: Literal["restricted", "baseline", "privileged"] = "restricted") -> KubernetesObject:
    """A namespace whose pods the API server holds to a Pod Security Standard."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": security}},
    }


def pod_security(uid: int, gid: int | None = None, *, fs_group: int | None = None) -> dict[str, Any]:
    """A pod's ``securityContext``: this user and never root; ``fs_group`` owns its volumes (Secrets become readable by it)."""
    group = {"fsGroup": fs_group} if fs_group is not None else {}
    identity = {"runAsNonRoot": True, "runAsUser": uid, "runAsGroup": uid if gid is None else gid}
    return identity | group | {"seccompProfile": {"type": "RuntimeDefault"}}


def locked_down(*, read_only: bool = True) -> dict[str, Any]:
    """A container's ``securityContext``: no more privileges, no capability, a root file system that it cannot write."""
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": read_only, "capabilities": {"drop": ["ALL"]}}


def trusting(ca_pem: str) -> dict[str, str]:
    """Annotations of a pod whose programs read the platform's CA at their start: another CA is another pod."""
    return {"thinkube.dev/trusts": hashlib.sha256(ca_pem.encode()).hexdigest()[:16]}


def configured(objects: Sequence[KubernetesObject]) -> dict[str, str]:
    """Annotations of a pod whose programs read ConfigMaps among these objects at their start: other data is another pod."""
    data = [item.get("data", {}) for item in objects if item["kind"] == "ConfigMap"]
    return {"thinkube.dev/configuration": hashlib.sha256(repr(data).encode()).hexdigest()[:16]}


def resources(cpu: str, memory: str) -> dict[str, Any]:
    """A container's ``resources`` from request/limit pairs: ``resources("100m/500m", "128Mi/512Mi")``."""
    (cpu_request, cpu_limit), (memory_request, memory_limit) = cpu.split("/"), memory.split("/")
    return {"requests": {"cpu": cpu_request, "memory": memory_request}, "limits": {"cpu": cpu_limit, "memory": memory_limit}}


def http_probe(path: str, port: int | str, *, scheme: str = "HTTP", period_s: int = 10, failures: int = 3) -> dict[str, Any]:
    """A probe that asks a page; readiness wants ``period_s`` 1 or 2, so that a wait ends when the container serves."""
    return {"httpGet": {"path": path, "port": port, "scheme": scheme}} | _rhythm(period_s, failures)


def tcp_probe(port: int | str, *, period_s: int = 10, failures: int = 3) -> dict[str, Any]:
    """A probe that opens a connection."""
    return {"tcpSocket": {"port": port}} | _rhythm(period_s, failures)


def exec_probe(argv: Sequence[str], *, period_s: int = 10, failures: int = 3) -> dict[str, Any]:
    """A probe that runs a program in the container."""
    return {"exec": {"command": list(argv)}} | _rhythm(period_s, failures)


def web_host(
    name: str,
    namespace: str,
    host: str,
    service: str,
    port: int | str,
    *,
    middlewares: Sequence[str] = (),
    elsewhere: Mapping[str, str] | None = None,
) -> KubernetesObject:
    """An Ingress: ``https://host`` goes to a Service's port (number or name), paths ``elsewhere`` to that port of other Services.

    Every request goes through the ingress's ``middlewares`` first.

    Its certificate is the platform's wildcard, which the ingress holds for every host of the domain: no Secret is copied.
    """
    named = {"number": port} if isinstance(port, int) else {"name": port}
    paths = [
        {"path": path, "pathType": "Prefix", "backend": {"service": {"name": to, "port": named}}}
        for path, to in {**(elsewhere or {}), "/": service}.items()
    ]
    through = {"traefik.ingress.kubernetes.io/router.middlewares": ",".join(middlewares)} if middlewares else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": {"traefik.ingress.kubernetes.io/router.entrypoints": "websecure"} | through,
        },
        "spec": {
            "ingressClassName": INGRESS_CLASS,
            "rules": [{"host": host, "http": {"paths": paths}}],
            "tls": [{"hosts": [host]}],
        },
    }


def _rhythm(period_s: int, failures: int) -> dict[str, int]:
    """On a busy machine an answer may take longer than the time between two questions, and is an answer all the same."""
    return {"periodSeconds": period_s, "failureThreshold": failures, "timeoutSeconds": 5}
