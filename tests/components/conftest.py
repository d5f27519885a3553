from collections.abc import Callable
from pathlib import Path

import pytest

from converge.components.argo_workflows.component import KINDS
from converge.components.terms import Context
from converge.inventory import Inventory

CERT_MANAGER = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: certificates.cert-manager.io}
spec: {group: cert-manager.io, names: {kind: Certificate, plural: certificates}}
""" + "".join(
    f"""---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: cert-manager}}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - {{name: main, image: upstream, args: [--v=2, --leader-election-namespace=kube-system]}}
"""
    for name in ("cert-manager", "cert-manager-webhook", "cert-manager-cainjector")
)

STORAGE = """
apiVersion: v1
kind: Namespace
metadata: {name: local-path-storage}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: local-path-provisioner, namespace: local-path-storage}
spec:
  replicas: 1
  template:
    spec: {containers: [{name: local-path-provisioner, image: "rancher/local-path-provisioner:v0"}]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local-path}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: local-path-config, namespace: local-path-storage}
data:
  helperPod.yaml: |
    apiVersion: v1
    kind: Pod
    metadata: {name: helper-pod}
    spec: {containers: [{name: helper-pod, image: busybox}]}
"""

METRICS = {
    "rbac": "{apiVersion: v1, kind: ServiceAccount, metadata: {name: metrics-server, namespace: kube-system}}",
    "service": "{apiVersion: v1, kind: Service, metadata: {name: metrics-server, namespace: kube-system}, spec: {ports: []}}",
    "apiservice": """
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {insecureSkipTLSVerify: true, service: {name: metrics-server, namespace: kube-system}}
""",
    "deployment": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: metrics-server, namespace: kube-system}
spec:
  replicas: 1
  template:
    spec:
      volumes: []
      containers:
        - {name: metrics-server, image: upstream, args: [--secure-port=10250, --metric-resolution=15s], volumeMounts: []}
""",
}

ARGO_WORKFLOWS = {
    **{
        f"argoproj.io_{kind}": f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {kind}.argoproj.io}}
spec: {{group: argoproj.io, names: {{plural: {kind}}}}}
"""
        for kind in KINDS
    },
    **{
        f"{program}-{what}": text
        for program, name in (("argo-server", "argo-server"), ("workflow-controller", "argo"))
        for what, text in {
            "sa": f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}}}}}",
            "role": f"{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: {name}-role}}, rules: []}}",
            "rolebinding": f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {name}-binding}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}-role}}
subjects: [{{kind: ServiceAccount, name: {name}}}]
""",
        }.items()
    },
}

ARGO_EVENTS = {
    **{
        f"argoproj.io_{kind}": f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {kind}.argoproj.io}}
spec: {{group: argoproj.io, names: {{plural: {kind}}}}}
"""
        for kind in ("eventbus", "eventsources", "sensors")
    },
    "argo-events-sa": "{apiVersion: v1, kind: ServiceAccount, metadata: {name: argo-events-sa}}",
    "argo-events-role": "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: argo-events-role}, rules: []}",
    "argo-events-role-binding": """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: argo-events-role-binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: argo-events-role}
subjects: [{kind: ServiceAccount, name: argo-events-sa}]
""",
    "controller-config": "{apiVersion: v1, kind: ConfigMap, metadata: {name: argo-events-controller-config}, data: {}}",
}

ARGO_CD = {
    **{
        f"{kind.lower()}-crd": f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {kind.lower()}s.argoproj.io}}
spec: {{group: argoproj.io, names: {{kind: {kind}, plural: {kind.lower()}s}}}}
"""
        for kind in ("Application", "ApplicationSet", "AppProject")
    },
    **{
        f"argocd-{name}-sa": f"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: argocd-{name}}}}}"
        for name in ("application-controller", "repo-server", "server")
    },
    **{
        f"argocd-{name}-{kind.lower()}": f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: argocd-{name}}}
"""
        + (
            f"""
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind.removesuffix("Binding")}, name: argocd-{name}}}
subjects: [{{kind: ServiceAccount, name: argocd-{name}, namespace: argocd}}]
"""
            if kind.endswith("Binding")
            else "rules: []\n"
        )
        for name in ("application-controller", "server")
        for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    },
    "argocd-cm": """
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, labels: {app.kubernetes.io/part-of: argocd}}
data: {resource.exclusions: "[]"}
""",
}


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases as small as their shape allows; the real ones are tried on a cluster."""
    root = tmp_path_factory.mktemp("releases")
    files = {
        "cert-manager/cert-manager.yaml": CERT_MANAGER,
        "local-path/local-path-storage.yaml": STORAGE,
        **{f"metrics-server/{name}.yaml": text for name, text in METRICS.items()},
        **{f"argo-workflows/{name}.yaml": text for name, text in ARGO_WORKFLOWS.items()},
        **{f"argo-events/{name}.yaml": text for name, text in ARGO_EVENTS.items()},
        **{f"argo-cd/{name}.yaml": text for name, text in ARGO_CD.items()},
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def context(releases: Path) -> Callable[..., Context]:
    """``context(Inventory(...))``; what a component would run on that inventory, without images or a cluster."""

    def make(inventory: Inventory | None = None, *, address: str = "10.88.88.2") -> Context:
        inventory = inventory or Inventory()
        return Context(
            inventory, address, lambda name: f"thinkube.local/{name}:0123456789abcdef", lambda name: releases / name, lambda: "CA"
        )

    return make
