"""Metrics: what nodes and pods use now, for people (``kubectl top``) and autoscalers (metrics-server).

Objects come from the pinned release. Both of its connections are verified here, which the release leaves out: the API server verifies
metrics-server (certificate of the platform's CA, injected into the APIService), and metrics-server verifies the kubelets (cluster CA).
Source: metrics-server v0.9.0, manifests/base.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from converge.components import blocks, manifests
from converge.components.component import Component
from converge.components.part import Part
from converge.components.parts.manifests import Release
from converge.components.parts.trust import ServerCertificate
from converge.components.terms import Context, KubernetesObject
from converge.inventory import Inventory

NAMESPACE = "kube-system"
LABELS = {"k8s-app": "metrics-server"}
CLUSTER_CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"


class Metrics(Component):
    """CORE-001: the metrics API answers for every node and pod."""

    name = "metrics"
    issue = "CORE-001"
    namespace = NAMESPACE
    called = "the metrics API"
    keeps_nothing = "it tells what is used now, and measures that anew"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: the release's objects, verified in both directions, and the certificate for that."""
        certificate = ServerCertificate(self, [f"metrics-server.{NAMESPACE}.svc"], name="metrics-server")
        files = ("rbac.yaml", "service.yaml", "deployment.yaml", "apiservice.yaml")
        fit = partial(_fit, certificate=certificate)
        return Release("metrics-server", files, fit, images=["metrics-server"]), certificate


def _fit(objects: list[KubernetesObject], context: Context, *, certificate: ServerCertificate) -> None:
    manifests.only(objects, "Service")["spec"]["selector"] = LABELS
    _fit_deployment(manifests.only(objects, "Deployment"), context.image("metrics-server"), certificate.secret_name)
    api = manifests.only(objects, "APIService")
    api["spec"]["insecureSkipTLSVerify"] = False  # said, not left out: what nobody says is not repaired
    api["metadata"]["annotations"] = {"cert-manager.io/inject-ca-from": f"{NAMESPACE}/{certificate.name}"}


def _fit_deployment(deployment: KubernetesObject, image: str, certificate: str) -> None:
    deployment["spec"] |= {"replicas": 1, "selector": {"matchLabels": LABELS}}  # one: said, so that 0 is repaired
    template = deployment["spec"]["template"]
    template["metadata"] = {"labels": LABELS}
    pod = template["spec"]
    pod["securityContext"] = blocks.pod_security(1000, fs_group=1000)
    pod["volumes"].append({"name": "certificate", "secret": {"secretName": certificate, "defaultMode": 0o440}})
    container = pod["containers"][0]
    container |= {
        "image": image,
        "args": [
            *(_fitted(argument) for argument in container["args"]),
            "--kubelet-request-timeout=5s",
            f"--kubelet-certificate-authority={CLUSTER_CA}",
            "--tls-cert-file=/certificate/tls.crt",
            "--tls-private-key-file=/certificate/tls.key",
        ],
        "resources": blocks.resources("50m/500m", "64Mi/256Mi"),
        "securityContext": blocks.locked_down(),
        "readinessProbe": blocks.http_probe("/readyz", "https", scheme="HTTPS", period_s=2),
        "livenessProbe": blocks.http_probe("/livez", "https", scheme="HTTPS", period_s=10),
    }
    mounts: list[dict[str, Any]] = container["volumeMounts"]
    mounts.append({"name": "certificate", "mountPath": "/certificate", "readOnly": True})


def _fitted(argument: str) -> str:
    """The release's argument, with the addresses and the rhythm of this platform."""
    replaced = {"--kubelet-preferred-address-types": "InternalIP", "--metric-resolution": "10s"}
    name = argument.partition("=")[0]
    return f"{name}={replaced[name]}" if name in replaced else argument
