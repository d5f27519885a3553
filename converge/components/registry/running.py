"""Pods of a pushed image, one on each node, with nothing in their manifests that opens the registry."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components import blocks
from converge.components.terms import KubernetesObject

UID = 65532


def pods(image: str, nodes: Sequence[str], suffix: str) -> list[KubernetesObject]:
    """A pod on each node that always pulls its image."""
    return [_pod(f"pushed-{suffix}-{number}", image, node) for number, node in enumerate(nodes)]


def _pod(name: str, image: str, node: str) -> KubernetesObject:
    container = {
        "name": "pushed",
        "image": image,
        "imagePullPolicy": "Always",
        "resources": blocks.resources("10m/100m", "16Mi/32Mi"),
        "securityContext": blocks.locked_down(),
    }
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "nodeSelector": {"kubernetes.io/hostname": node},
        "tolerations": [{"operator": "Exists"}],
        "securityContext": blocks.pod_security(UID),
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}
