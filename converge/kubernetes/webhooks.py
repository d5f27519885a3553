"""Webhooks that the API server cannot call: whose they are, what stands behind them, and whether waiting can help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from converge.errors import ThinkubeError
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.objects import KubernetesObject, Ref, labels_of
from converge.kubernetes.pods import pod_state

if TYPE_CHECKING:
    from converge.kubernetes.reader import Reader

_ADMISSION = re.compile(r'failed calling webhook "([^"]+)"')
_CONVERSION = re.compile(r"conversion webhook for (\S+), Kind=(\w+) failed")
_CONFIGURATIONS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


@dataclass(frozen=True)
class Webhook:
    """A webhook that failed: ``Webhook("x.example.com", Ref("ValidatingWebhookConfiguration", "x"), "Service other/x", "does not exist")``.

    ``may_recover`` is True while something still happens behind it: a pod starts, or it is one of our own components'.
    """

    name: str
    registered_by: Ref
    target: str
    state: str
    may_recover: bool = False
    detail: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.registered_by} calls {self.target}, which {self.state}" + (f" ({self.detail})" if self.detail else "")


def failed_webhook(reader: Reader, message: str) -> Webhook | None:
    """The webhook that a refusal of the API server names; None where it names none, or it cannot be looked at."""
    try:
        for name, owner, config in _named(reader, message):
            return _judged(reader, name, owner, config)
    except ThinkubeError:
        return None
    return None


def _named(reader: Reader, message: str) -> Iterator[tuple[str, KubernetesObject, dict[str, Any]]]:
    """The name, the object that registers it, and how it is called."""
    if found := _ADMISSION.search(message):
        for kind in _CONFIGURATIONS:
            for owner in reader.list(kind):
                for hook in owner.get("webhooks") or ():
                    if hook["name"] == found[1]:
                        yield found[1], owner, hook["clientConfig"]
    elif found := _CONVERSION.search(message):
        group, kind = found[1].partition("/")[0], found[2]
        for owner in reader.list("CustomResourceDefinition"):
            conversion = owner["spec"].get("conversion") or {}
            if (owner["spec"]["group"], owner["spec"]["names"]["kind"]) == (group, kind) and conversion.get("webhook"):
                yield f"conversion of {kind}", owner, conversion["webhook"].get("clientConfig") or {}


def _judged(reader: Reader, name: str, owner: KubernetesObject, config: dict[str, Any]) -> Webhook:
    ref = Ref.of(owner)
    if not config.get("service"):
        return Webhook(name, ref, str(config.get("url", "?")).partition("?")[0], "does not answer as it should")
    place, service_name = config["service"]["namespace"], config["service"]["name"]
    target = f"Service {place}/{service_name}"
    service = reader.find("Service", service_name, place)
    if ours := labels_of(owner).get(COMPONENT) or labels_of(service or {}).get(COMPONENT):
        return Webhook(name, ref, target, f"belongs to component {ours}", may_recover=True)
    if service is None:
        return Webhook(name, ref, target, "does not exist")
    selector = service["spec"].get("selector") or {}
    if not selector:
        return Webhook(name, ref, target, "leads to no pods of this cluster")
    pods = reader.list("Pod", place, labels=",".join(f"{key}={value}" for key, value in selector.items()))
    if not pods:
        return Webhook(name, ref, target, "has no pods")
    states = [(pod["metadata"]["name"], pod_state(pod)) for pod in pods]
    if any(state.is_ready for _, state in states):
        return Webhook(name, ref, target, "has pods that are ready, and does not answer as it should")
    pod, state = next(((pod, state) for pod, state in states if not state.is_terminal), states[0])
    return Webhook(name, ref, target, "has no pod that is ready", not state.is_terminal, f"pod {pod}: {state.text}")
