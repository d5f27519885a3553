"""Storage: each claim becomes a folder on the node where its pod runs (local-path-provisioner).

Objects come from the pinned release; what differs here: images, resources, probes, an unprivileged provisioner, and the
StorageClass is the cluster's default. The helper pods that make and remove folders on the node are root because the node's disk is.
Source: local-path-provisioner v0.0.30, local-path-storage.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from converge.components import blocks, manifests
from converge.components.component import Component
from converge.components.part import Part
from converge.components.parts.manifests import Release
from converge.components.terms import Context, KubernetesObject
from converge.inventory import Inventory

NAMESPACE = "local-path-storage"


class Storage(Component):
    """CORE-001: a default StorageClass whose volumes keep their data."""

    name = "storage"
    issue = "CORE-001"
    namespace = NAMESPACE
    called = "the storage"
    keeps = "volumes"
    only_provisions = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: the release's objects, fitted to this platform."""
        return (Release("local-path", ["local-path-storage.yaml"], _fit, images=["local-path", "base"]),)


def _fit(objects: list[KubernetesObject], context: Context) -> None:
    manifests.only(objects, "Namespace").update(blocks.namespace(NAMESPACE, security="privileged"))
    _fit_deployment(manifests.only(objects, "Deployment"), context.image("local-path"))
    _fit_configuration(manifests.only(objects, "ConfigMap"), context.image("base"))
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    manifests.only(objects, "StorageClass")["metadata"]["annotations"] = default


def _fit_deployment(deployment: KubernetesObject, image: str) -> None:
    """It serves nothing that could be asked, so the probes ask whether its program can still be run where it runs."""
    pod = deployment["spec"]["template"]["spec"]
    pod["securityContext"] = blocks.pod_security(65532)
    pod["containers"][0] |= {
        "image": image,
        "command": ["local-path-provisioner", "start", "--config", "/etc/config/config.json"],
        "resources": blocks.resources("20m/200m", "32Mi/128Mi"),
        "securityContext": blocks.locked_down(),
        "readinessProbe": blocks.exec_probe(["local-path-provisioner", "--version"], period_s=30),
        "livenessProbe": blocks.exec_probe(["local-path-provisioner", "--version"], period_s=60),
    }


def _fit_configuration(configuration: KubernetesObject, image: str) -> None:
    helper = manifests.parse(configuration["data"]["helperPod.yaml"])[0]
    helper["spec"]["containers"][0] |= {"image": image, "resources": blocks.resources("10m/200m", "16Mi/64Mi")}
    helper["spec"]["terminationGracePeriodSeconds"] = 1
    configuration["data"]["helperPod.yaml"] = json.dumps(helper)
