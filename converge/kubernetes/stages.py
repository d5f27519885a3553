"""In which order objects are written: what others need comes first; removal goes the other way."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from converge.kubernetes.discovery import BUILT_IN
from converge.kubernetes.objects import KubernetesObject, Ref


class Stage(IntEnum):
    """Steps of converging a component; between them the engine may make secrets or wait."""

    FOUNDATION = 1
    """Namespaces and CustomResourceDefinitions."""
    CONFIGURATION = 2
    """What workloads read and who may do what: RBAC, ConfigMaps, Secrets, volumes, Services."""
    WORKLOADS = 3
    """What runs, and what leads to it: Deployments, Jobs, Ingresses, webhooks, API services."""
    INSTANCES = 4
    """Objects of kinds that this component itself defines: its own webhooks must serve first."""
    REMOVAL = 5
    """What is no longer wanted."""


_ORDER: dict[Stage, str] = {
    Stage.FOUNDATION: "Namespace CustomResourceDefinition",
    Stage.CONFIGURATION: """PriorityClass StorageClass CSIDriver IngressClass ResourceQuota LimitRange ServiceAccount Secret ConfigMap
        PersistentVolume PersistentVolumeClaim ClusterRole Role ClusterRoleBinding RoleBinding NetworkPolicy Service PodDisruptionBudget""",
    Stage.WORKLOADS: """* DaemonSet StatefulSet Deployment ReplicaSet Pod Job CronJob HorizontalPodAutoscaler Ingress APIService
        MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding""",
}
_STAGES = {kind: stage for stage, kinds in _ORDER.items() for kind in kinds.split()}
_RANKS = {kind: rank for kinds in _ORDER.values() for rank, kind in enumerate(kinds.split())}
_TOGETHER = frozenset({"DaemonSet", "StatefulSet", "Deployment", "ReplicaSet", "Pod", "Job", "CronJob"})


def defined_kinds(objects: Iterable[KubernetesObject]) -> frozenset[str]:
    """The kinds that the CustomResourceDefinitions among some objects define: ``{"Certificate.cert-manager.io"}``."""
    return frozenset(
        f"{obj['spec']['names']['kind']}.{obj['spec']['group']}" for obj in objects if obj.get("kind") == "CustomResourceDefinition"
    )


def stage_of(ref: Ref, own_kinds: frozenset[str]) -> Stage:
    """Where an object belongs; other components' kinds (a Certificate, say) stand before the workloads that need them."""
    return Stage.INSTANCES if ref.group_kind in own_kinds else _STAGES.get(ref.kind, Stage.WORKLOADS)


def order_of(ref: Ref, stage: Stage) -> tuple[int, int, int]:
    """When an object is written or removed; equal turns are taken at once.

    Removal goes backwards, custom kinds first: their controllers have to finish them.
    """
    if stage is not Stage.REMOVAL:
        return (int(stage), _rank(ref), 0)
    if ref.kind not in BUILT_IN:
        return (int(stage), 0, 0)
    return (int(stage), len(Stage) - int(stage_of(ref, frozenset())), -_rank(ref))


def _rank(ref: Ref) -> int:
    return _RANKS["DaemonSet"] if ref.kind in _TOGETHER else _RANKS.get(ref.kind, _RANKS["*"])
