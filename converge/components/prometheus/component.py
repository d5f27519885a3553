"""Prometheus: what the platform and its programs measure, kept for a while, asked about, and told when it is not right.

Kubernetes' own parts are scraped over verified TLS; everything else says itself that it wants to be, by annotations of a Service or a
pod. Nothing is written over its API: what it scrapes and which rules hold is configuration alone.
Source: Prometheus 2.53 documentation ("Configuration", "Storage"); Kubernetes "Kubelet authentication/authorization".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from converge.components.component import Component
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.login_proxy.login_proxy import LoginProxy
from converge.components.part import Owner, Part
from converge.components.parts.manifests import Manifests
from converge.components.parts.scraped import Scraped
from converge.components.parts.service_account import ServiceAccount
from converge.components.parts.volume import Volume
from converge.components.prometheus.server import NAMESPACE, PORT, SERVICE
from converge.components.terms import Context, KubernetesObject
from converge.inventory import Inventory
from converge.kubernetes.equality import quantity

KEPT = Decimal("0.8")
"""The share of its volume that samples may fill before the oldest go: what is being compacted is there twice."""


class Prometheus(Component):
    """OPT-001: metrics of everything, and alerts."""

    name = "prometheus"
    issue = "OPT-001"
    namespace = NAMESPACE
    called = "Prometheus"
    keeps = "samples"
    is_optional = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: metrics tell what everybody runs, so its pages are for administrators."""
        volume, account, configuration = Volume(self, "20Gi"), reads_metrics(self), Configuration(self)
        pages = LoginProxy(self, groups=[ADMINISTRATORS], upstream=f"http://{SERVICE}.{self.namespace}.svc:{PORT}")
        server = Manifests(
            self,
            images=["prometheus"],
            volume=volume,
            account=account,
            configuration=configuration,
            pages=pages.web,
            ca=pages.ca,
            kept_mib=int((quantity(volume.size) or 0) * KEPT) >> 20,
        )
        own = Scraped(self, selector={"app.kubernetes.io/name": SERVICE}, port=PORT)
        return volume, account, configuration, server, own, pages


def reads_metrics(owner: Owner) -> ServiceAccount:
    """Who scrapes: finds nodes, pods and Services, and may read metrics of the API server and the kubelets."""
    rules = [
        {"apiGroups": [""], "resources": ["nodes", "services", "pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"]},
        {"nonResourceURLs": ["/metrics", "/metrics/cadvisor"], "verbs": ["get"]},
    ]
    return ServiceAccount(owner, name=SERVICE, rules=rules, everywhere=True)


class Configuration(Part):
    """ConfigMap ``<server>-configuration`` with what is in the folder ``configuration``: what is scraped, and which rules hold."""

    requires = ("control-node",)

    def __init__(self, owner: Owner) -> None:
        self.name = f"{SERVICE}-configuration"
        self._namespace = owner.namespace

    @cached_property
    def files(self) -> dict[str, str]:
        """``{"prometheus.yml": …, "rules.yml": …}``."""
        folder = Path(__file__).parent / "configuration"
        return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml"))}

    @property
    def digest(self) -> str:
        """Other files have another one: the server reads them at its start."""
        return hashlib.sha256(repr(self.files).encode()).hexdigest()[:16]

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``."""
        metadata = {"name": self.name, "namespace": self._namespace}
        return ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": self.files},)
