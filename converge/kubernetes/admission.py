"""What a component's own instances need before they can be written: the workloads that answer its webhooks, and nothing else.

Whether those instances are valid is what such a webhook is asked. Anything else may itself depend on what is still to be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from converge.kubernetes.objects import KubernetesObject, labels_of
from converge.kubernetes.ready import HAS_PODS


def behind_webhooks(objects: Sequence[KubernetesObject]) -> list[KubernetesObject]:
    """The workloads among some objects that answer the admission and conversion webhooks among them."""
    selectors = [
        (obj["metadata"].get("namespace", ""), (obj["spec"].get("selector") or {}).items())
        for obj in objects
        if obj["kind"] == "Service" and (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]) in set(_services(objects))
    ]
    return [
        obj
        for obj in objects
        if obj["kind"] in HAS_PODS
        and any(
            namespace == obj["metadata"].get("namespace", "") and selector and selector <= labels_of(obj["spec"]["template"]).items()
            for namespace, selector in selectors
        )
    ]


def _services(objects: Iterable[KubernetesObject]) -> Iterator[tuple[str, str]]:
    for obj in objects:
        hooks = obj.get("webhooks") or ()
        if obj["kind"] == "CustomResourceDefinition":
            hooks = [(obj["spec"].get("conversion") or {}).get("webhook") or {}]
        for hook in hooks:
            if service := (hook.get("clientConfig") or {}).get("service"):
                yield service["namespace"], service["name"]
