"""What is not removed though it is no longer wanted, because data is at stake: each with its reason."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from converge.kubernetes.applyset import THREADS
from converge.kubernetes.client import Api
from converge.kubernetes.desired import COMPONENT, PART_OF
from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import SYSTEM_NAMESPACE, KubernetesObject, Ref, annotations_of, labels_of

GENERATED = "thinkube.dev/generated"
"""The label of Secrets whose values were made at random here and exist nowhere else."""

_NEVER = frozenset({"default", "kube-system", "kube-public", "kube-node-lease", SYSTEM_NAMESPACE})
_FLEETING = frozenset({"Event", "Endpoints", "EndpointSlice", "Lease", "ControllerRevision", "PodMetrics", "CSIStorageCapacity"})
_GIVEN = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}

CLUSTERS = "it is the cluster's"
"""Why a Namespace stays that nobody made."""

_IMMUTABLE = re.compile(
    r"immutable|may not change|may not be (updated|modified)|cannot change roleRef|cannot be (changed|modified)|are forbidden"
    r"|updates to statefulset spec for fields other than",
    re.IGNORECASE,
)

_WITHOUT_DATA = frozenset(
    """Deployment DaemonSet ReplicaSet Job CronJob Pod Service Ingress ConfigMap IngressClass StorageClass PriorityClass CSIDriver
    Role RoleBinding ClusterRole ClusterRoleBinding NetworkPolicy PodDisruptionBudget APIService ServiceAccount
    MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
    HorizontalPodAutoscaler""".split()  # noqa: SIM905 - one word a kind
)


def reason_to_keep(api: Api, obj: KubernetesObject, owner: str, part_of: str, *, purge: bool, look_inside: bool = True) -> str:
    """Why an object that is no longer wanted stays; "" where it may go. ``purge`` gives up the owner's data, never anybody else's.

    Without ``look_inside`` nothing is asked about what a Namespace holds, which takes a list for each kind of the cluster.
    """
    ref = Ref.of(obj)
    match ref.kind:
        case "PersistentVolumeClaim" | "PersistentVolume" if not purge:
            return "it holds data"
        case "Secret" if GENERATED in labels_of(obj) and not purge:
            return "its values were generated and exist nowhere else"
        case "StatefulSet" if not purge and _deletes_claims(obj):
            return "its volumes would be deleted with it (persistentVolumeClaimRetentionPolicy.whenDeleted)"
        case "Namespace":
            if ref.name in _NEVER:
                return CLUSTERS
            return held(contents(api, ref.name, owner, part_of, purge=purge)) if look_inside else ""
        case "CustomResourceDefinition":
            return held(_instances(api, obj, part_of))
    return ""


def is_immutable(refused: ApiRefused) -> bool:
    """Whether the server refused a change because the field cannot change in place."""
    return refused.code in (403, 409, 422) and bool(_IMMUTABLE.search(refused.message))


def reason_not_to_recreate(live: KubernetesObject, refused: ApiRefused) -> str:
    """Why an object with an immutable difference may not be deleted and made again; "" where it may."""
    kind = live["kind"]
    if kind in _WITHOUT_DATA:
        return ""
    if kind == "StatefulSet":
        if _deletes_claims(live):
            return "its volumes would be deleted with it (persistentVolumeClaimRetentionPolicy.whenDeleted)"
        if live["spec"].get("volumeClaimTemplates") and "volumeClaimTemplates" in str(refused.causes) + refused.message:
            return "volumeClaimTemplates do not change the volumes that are already there; their data has to be moved first"
        return ""
    if kind == "Secret":
        return "its values were generated and exist nowhere else" if GENERATED in labels_of(live) else ""
    return "data may be at stake"


def contents(api: Api, namespace: str, owner: str, part_of: str, *, purge: bool = False) -> list[Ref]:
    """What a namespace holds beside the owner's own set and what follows from it; with ``purge`` the owner's data does not count."""
    found = everything_in(api, namespace)
    here = {obj["metadata"].get("uid") for obj in found}  # what belongs to one of these follows it, or stays with it
    return sorted({Ref.of(obj) for obj in found if not _follows(obj, owner, part_of, here, purge=purge)})


def everything_in(api: Api, namespace: str) -> list[KubernetesObject]:
    """All objects of a namespace that are kept in this cluster's store, those that come and go by themselves aside."""
    services = [service["spec"] for service in api.list("APIService") if service["spec"].get("service")]
    aggregated = {f"{spec['group']}/{spec['version']}" for spec in services}  # what they serve is not kept in this cluster's store

    def listed(kind: str, api_version: str) -> list[KubernetesObject]:
        try:
            return api.list(kind, namespace, api_version=api_version)
        except ApiRefused as refused:
            if refused.code in (404, 405):
                return []
            raise

    resources = [resource for resource in api.wire.discovery.namespaced(aggregated) if resource.kind not in _FLEETING]
    with ThreadPoolExecutor(THREADS) as pool:
        return [obj for objects in pool.map(lambda resource: listed(resource.kind, resource.api_version), resources) for obj in objects]


def _follows(obj: KubernetesObject, owner: str, part_of: str, here: set[str | None], *, purge: bool) -> bool:
    marks = labels_of(obj)
    is_data = obj["kind"] == "PersistentVolumeClaim" or GENERATED in marks
    if is_data and not purge:
        return False
    return (
        marks.get(PART_OF) == part_of
        or (obj["kind"], obj["metadata"]["name"]) in _GIVEN
        or any(reference.get("uid") in here for reference in obj["metadata"].get("ownerReferences") or ())
        or (obj["kind"] == "Secret" and "cert-manager.io/certificate-name" in annotations_of(obj))
        or (purge and marks.get(COMPONENT) == owner)
    )


def _instances(api: Api, definition: KubernetesObject, part_of: str) -> list[Ref]:
    spec = definition["spec"]
    try:
        objects = api.list(f"{spec['names']['kind']}.{spec['group']}")
    except UnknownKind:
        return []
    return sorted(Ref.of(obj) for obj in objects if labels_of(obj).get(PART_OF) != part_of and not obj["metadata"].get("ownerReferences"))


def _deletes_claims(obj: KubernetesObject) -> bool:
    policy = obj["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return bool(obj["spec"].get("volumeClaimTemplates")) and policy.get("whenDeleted") == "Delete"


def held(refs: list[Ref]) -> str:
    """``it holds ConfigMap web/theirs``; "" where there is nothing."""
    if not refs:
        return ""
    more = f" and {len(refs) - 3} more" if len(refs) > 3 else ""
    return "it holds " + ", ".join(map(str, refs[:3])) + more
