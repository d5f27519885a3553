"""What a cluster that somebody else made lacks for the platform: asked all at once, before anything is touched, and only read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from converge.components.cert_manager import authority
from converge.engine.identity import refuse_another
from converge.errors import ThinkubeError, first_line
from converge.kubernetes import rights
from converge.kubernetes.client import Api
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.equality import quantity
from converge.kubernetes.objects import KubernetesObject, Ref, annotations_of, labels_of

if TYPE_CHECKING:
    from converge.engine.platform import Platform
    from converge.inventory.model import ExistingNodes

OLDEST = (1, 31)
"""The first Kubernetes version in which all that is written here is stable."""

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
PORTS = (80, 443)
GIB = 2**30


class Verdict(StrEnum):
    """What a finding means for a converge."""

    FINE = "ok"
    NOTE = "note"
    LACKING = "missing"


@dataclass(frozen=True)
class Finding:
    """One row: ``Finding("Kubernetes", Verdict.LACKING, "v1.24.3", "1.31 or newer")``."""

    subject: str
    verdict: Verdict
    seen: str
    wanted: str = ""


def survey(platform: Platform, nodes: ExistingNodes) -> list[Finding]:
    """Every finding, in a fixed order; one that could not be looked at is missing, and says why.

    Raises:
        Unreachable: the cluster does not answer.
    """
    with Api.from_kubeconfig(nodes.kubeconfig, nodes.context, foreign=True) as opened:  # the platform's own wants more rights
        return _survey(platform, opened.view(patience_s=5))


def _survey(platform: Platform, api: Api) -> list[Finding]:
    release = json.loads(api.read("/version"))["gitVersion"]
    objects = list(_wanted(platform, api))
    looks: Mapping[str, Callable[[], Iterable[Finding]]] = {
        "platform": partial(_platform, api, platform),
        "Kubernetes": lambda: [version(release)],
        "rights": partial(_rights, api, objects),
        "storage": lambda: [storage(api.list("StorageClass"), brings="storage" in platform.components)],
        "ingress": lambda: ports(_strange_pods(api), api.list("IngressClass")),
        "names": lambda: strangers(objects, partial(_live, api)),
        "room": lambda: room(objects, api.list("Node"), _strange_pods(api)),
    }
    with ThreadPoolExecutor(len(looks), thread_name_prefix="survey") as pool:
        found = pool.map(lambda look: _told(*look), looks.items())
        return [finding for findings in found for finding in findings]


def version(seen: str) -> Finding:
    """Whether ``v1.33.1+k3s1`` is new enough."""
    numbers = tuple(int("".join(filter(str.isdigit, part)) or 0) for part in seen.removeprefix("v").split(".")[:2])
    oldest = ".".join(map(str, OLDEST))
    return Finding("Kubernetes", Verdict.FINE if numbers >= OLDEST else Verdict.LACKING, seen, f"{oldest} or newer")


def storage(classes: Sequence[KubernetesObject], *, brings: bool) -> Finding:
    """Whether claims find a default StorageClass: exactly one, the cluster's or the component's."""
    defaults = [one for one in classes if annotations_of(one).get(DEFAULT_CLASS) == "true"]
    strange = [one["metadata"]["name"] for one in defaults if not labels_of(one).get(COMPONENT)]
    if strange and brings:
        return Finding("storage", Verdict.LACKING, f"{', '.join(strange)} is the default already", "one default: take that mark from it")
    if defaults or brings:
        return Finding("storage", Verdict.FINE, ", ".join(strange) or "brought by the component storage")
    return Finding("storage", Verdict.LACKING, "no default StorageClass", "the component storage, or a default of the cluster's")


def ports(others: Sequence[KubernetesObject], classes: Sequence[KubernetesObject]) -> Iterator[Finding]:
    """Whether somebody else's pods hold the ingress's ports on a node; other ingresses live beside ours by their class."""
    holders = {f"{Ref('Pod', pod['metadata']['name'], pod['metadata']['namespace'])} holds {port}" for pod, port in _held(others)}
    wanted = f"ports {' and '.join(map(str, PORTS))} of the nodes"
    yield Finding("ports", Verdict.LACKING if holders else Verdict.FINE, "; ".join(sorted(holders)) or "free of other pods", wanted)
    if others := [one["metadata"]["name"] for one in classes if not labels_of(one).get(COMPONENT)]:
        yield Finding(
            "ingress class", Verdict.NOTE, f"also there: {', '.join(others)}", "left alone: the platform's hosts name their own class"
        )


def strangers(objects: Iterable[KubernetesObject], find: Callable[[Ref], KubernetesObject | None]) -> Iterator[Finding]:
    """Cluster-wide objects and namespaces that the platform would make, and somebody else already has."""
    refs = sorted({Ref.of(obj) for obj in objects if not obj["metadata"].get("namespace")})
    with ThreadPoolExecutor(8, thread_name_prefix="survey") as pool:
        found = [(ref, live) for ref, live in zip(refs, pool.map(find, refs), strict=True) if live and not labels_of(live).get(COMPONENT)]
    by_kind: dict[str, list[str]] = {}
    for ref, _ in found:
        by_kind.setdefault(ref.kind, []).append(ref.name)
    for kind, names in by_kind.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield Finding(kind, Verdict.LACKING, f"somebody else's: {', '.join(names[:3])}{more}", "taken away, or the component left out")
    if not found:
        yield Finding("names", Verdict.FINE, f"none of {len(refs)} is taken")


def room(objects: Sequence[KubernetesObject], nodes: Sequence[KubernetesObject], others: Sequence[KubernetesObject]) -> Iterator[Finding]:
    """What the platform's workloads ask for, against what the requests of other people's pods leave of the nodes."""
    running = [pod for pod in others if pod.get("status", {}).get("phase") in ("Pending", "Running")]
    for resource, unit, scale in (("cpu", "cores", Decimal(1)), ("memory", "GiB", Decimal(GIB))):
        asked = sum((_asked(pod, resource) * count for pod, count in _workloads(objects, len(nodes))), Decimal(0))
        has = sum((quantity(node["status"]["allocatable"].get(resource)) or Decimal(0) for node in nodes), Decimal(0))
        free = has - sum((_asked(pod["spec"], resource) for pod in running), Decimal(0))
        verdict = Verdict.FINE if free >= asked else Verdict.LACKING
        yield Finding(resource, verdict, f"{free / scale:.1f} {unit} not asked for by others", f"{asked / scale:.1f} {unit}")


def _platform(api: Api, platform: Platform) -> Iterator[Finding]:
    refuse_another(api, platform.inventory)
    yield Finding("platform", Verdict.FINE, f"{platform.inventory.name} at {platform.inventory.domain_name}, or nobody's yet")


def _rights(api: Api, objects: Sequence[KubernetesObject]) -> Iterator[Finding]:
    denied = rights.denied(api, {(ref.kind, ref.api_version) for ref in map(Ref.of, objects)})
    if not denied:
        yield Finding("rights", Verdict.FINE, "all that it needs")
    for what, verbs in sorted(denied.items()):
        yield Finding("rights", Verdict.LACKING, f"may not {', '.join(verbs)} {what}", "granted to this kubeconfig's user by a ClusterRole")


def _told(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except ThinkubeError as error:
        return [Finding(subject, Verdict.LACKING, first_line(error))]


def _wanted(platform: Platform, api: Api) -> Iterator[KubernetesObject]:
    context = replace(platform.context, ca_pem=partial(_authority, api))
    for name in platform.possible:
        yield from platform.component(name).objects(context)


def _authority(api: Api) -> str:
    """Objects that carry the CA can be named before there is one, or where it may not be read."""
    with contextlib.suppress(ThinkubeError):
        return authority.bundle(authority.find(api)) or "(made by cert-manager)"
    return "(may not be read)"


def _live(api: Api, ref: Ref) -> KubernetesObject | None:
    try:
        return api.find(ref.group_kind, ref.name, api_version=ref.api_version)
    except UnknownKind:
        return None  # the platform brings that kind


def _strange_pods(api: Api) -> list[KubernetesObject]:
    """Pods outside the namespaces that the platform made."""
    ours = {one["metadata"]["name"] for one in api.list("Namespace") if labels_of(one).get(COMPONENT)}
    return [pod for pod in api.list("Pod") if pod["metadata"]["namespace"] not in ours]


def _held(pods: Iterable[KubernetesObject]) -> Iterator[tuple[KubernetesObject, int]]:
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for entry in container.get("ports") or ():
                if (port := entry.get("hostPort")) in PORTS:
                    yield pod, port


def _workloads(objects: Iterable[KubernetesObject], nodes: int) -> Iterator[tuple[KubernetesObject, int]]:
    """The pod of each workload, and how many there are of it."""
    for obj in objects:
        if obj["kind"] in ("Deployment", "StatefulSet"):
            yield obj["spec"]["template"]["spec"], obj["spec"].get("replicas", 1)
        elif obj["kind"] == "DaemonSet":
            yield obj["spec"]["template"]["spec"], nodes


def _asked(pod: KubernetesObject, resource: str) -> Decimal:
    asked = (container.get("resources", {}).get("requests", {}).get(resource, 0) for container in pod["containers"])
    return sum((quantity(one) or Decimal(0) for one in asked), Decimal(0))
