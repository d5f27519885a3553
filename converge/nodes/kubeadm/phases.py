"""What kubeadm's phases leave in the cluster: whether one has to run is seen in these objects, not in what an earlier start remembers.

Source: kubeadm 1.37, phases uploadconfig, kubelet, bootstraptoken, markcontrolplane.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from converge.kubernetes.objects import CONTROL_PLANE_LABEL, KubernetesObject, Ref, labels_of
from converge.nodes.kubeadm.plan import Plan

ADDONS = ("kube-proxy", "coredns")
RBAC = "rbac.authorization.k8s.io/v1"

PHASES: dict[str, tuple[Ref, ...]] = {
    "upload-config all": (
        *(Ref("ConfigMap", name, "kube-system", "v1") for name in ("kubeadm-config", "kubelet-config")),
        *(
            Ref(kind, f"kubeadm:{name}", "kube-system", RBAC)
            for kind in ("Role", "RoleBinding")
            for name in ("nodes-kubeadm-config", "kubelet-config")
        ),
        Ref("ClusterRoleBinding", "kubeadm:cluster-admins", "", RBAC),
    ),
    "bootstrap-token": (
        Ref("ConfigMap", "cluster-info", "kube-public", "v1"),
        Ref("ClusterRole", "kubeadm:get-nodes", "", RBAC),
        *(
            Ref("ClusterRoleBinding", f"kubeadm:{name}", "", RBAC)
            for name in (
                "apiserver-kubelet-client",
                "get-nodes",
                "kubelet-bootstrap",
                "node-autoapprove-bootstrap",
                "node-autoapprove-certificate-rotation",
            )
        ),
        *(Ref(kind, "kubeadm:bootstrap-signer-clusterinfo", "kube-public", RBAC) for kind in ("Role", "RoleBinding")),
    ),
}


def is_marked(plan: Plan, control: KubernetesObject) -> bool:
    """Whether a control node carries the label and, where workers take the pods, the taint of the control plane."""
    taints = {taint["key"] for taint in (control.get("spec") or {}).get("taints") or ()}
    return CONTROL_PLANE_LABEL in labels_of(control) and (not plan.is_shared or CONTROL_PLANE_LABEL in taints)


def addon_file(plan: Plan, name: str) -> Path:
    """Where an addon's objects stand, as kubeadm printed them."""
    return plan.folder / "phases" / f"{name}.yaml"


def addon_objects(plan: Plan) -> list[Ref]:
    """The objects of all addons that were printed."""
    files = (addon_file(plan, name) for name in ADDONS)
    return [Ref.of(document) for file in files if file.exists() for document in documents(file.read_text())]


def documents(printed: str) -> list[dict[str, Any]]:
    """The objects among what kubeadm prints: it says other things before, and forgets the line's end after some ``---``."""
    parts = re.split(r"^---", printed, flags=re.MULTILINE)[1:]
    return [document for part in parts if isinstance(document := yaml.load(part, yaml.CSafeLoader), dict)]
