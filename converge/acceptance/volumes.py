"""Volumes: storage classes and claims."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.acceptance.throwaway import ThrowawayPods
    from converge.kubernetes.client import Api
    from converge.kubernetes.objects import KubernetesObject

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def default_classes(api: Api) -> list[str]:
    """The names of the storage classes that a claim without a class would get."""
    classes = api.list("StorageClass")
    return [item["metadata"]["name"] for item in classes if item["metadata"].get("annotations", {}).get(DEFAULT_CLASS) == "true"]


def claim(pods: ThrowawayPods, name: str, size: str = "8Mi") -> str:
    """A claim of the default class beside the throw-away pods; removed with them."""
    pods.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
        }
    )
    return name


def unbound(api: Api, pods: Iterable[KubernetesObject]) -> list[str]:
    """The claims of pods that have no volume: ``["minio/data-minio-0"]``."""
    found = []
    for pod in pods:
        for claim in claimed(pod):
            namespace = pod["metadata"]["namespace"]
            seen = api.find("PersistentVolumeClaim", claim, namespace)
            found += [f"{namespace}/{claim}"] if seen is None or seen["status"].get("phase") != "Bound" else []
    return found


def claimed(pod: KubernetesObject) -> list[str]:
    """The claims that a pod, or a template of pods, names: ``["data-minio-0"]``."""
    sources = [volume.get("persistentVolumeClaim") or {} for volume in pod["spec"].get("volumes") or ()]
    return [source["claimName"] for source in sources if source]
