from collections.abc import Callable
from pathlib import Path

import pytest

from converge.components.component import Context
from converge.inventory import Inventory

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: certificates.cert-manager.io
  labels:
    app: '{{ template "cert-manager.name" . }}'
    # Generated labels {{- include "labels" . | nindent 4 }}
spec: {group: cert-manager.io}
"""

ROLE = """
{{- if .Values.global.rbac.create }}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ template "FULLNAME" . }}-controller-issuers
  labels:
    app.kubernetes.io/instance: {{ .Release.Name }}
    {{- include "labels" . | nindent 4 }}
rules:
  - {apiGroups: [cert-manager.io], resources: [issuers], verbs: [get]}
{{- end }}
"""

STORAGE = """
apiVersion: v1
kind: Namespace
metadata: {name: local-path-storage}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: local-path-provisioner, namespace: local-path-storage}
spec:
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
spec: {insecureSkipTLSVerify: true}
""",
    "deployment": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: metrics-server, namespace: kube-system}
spec:
  template:
    spec:
      volumes: []
      containers:
        - {name: metrics-server, image: upstream, args: [--secure-port=10250, --metric-resolution=15s], volumeMounts: []}
""",
}


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases as small as their shape allows; the real ones are tried on a cluster."""
    root = tmp_path_factory.mktemp("releases")
    templates = "cert-manager/deploy/charts/cert-manager/templates"
    files = {
        "cert-manager/deploy/crds/crd-certificates.yaml": CRD,
        f"{templates}/rbac.yaml": ROLE.replace("FULLNAME", "cert-manager.fullname"),
        f"{templates}/webhook-rbac.yaml": ROLE.replace("FULLNAME", "webhook.fullname"),
        f"{templates}/cainjector-rbac.yaml": ROLE.replace("FULLNAME", "cainjector.fullname"),
        "local-path/deploy/local-path-storage.yaml": STORAGE,
        **{f"metrics-server/manifests/base/{name}.yaml": text for name, text in METRICS.items()},
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
