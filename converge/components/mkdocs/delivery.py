"""How a release becomes the one that is served: the last step of the workflow that built it.

It says the release's name in one annotation of the server's Deployment; the cluster then replaces the pods one by one, and pods that
cannot fetch it leave those before them as they are. Whoever delivers in another way replaces this file's `step` and account.
Source: Argo Workflows 3.7 documentation ("Kubernetes Resources", "Workflow RBAC").
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from converge.components.mkdocs import site
from converge.components.part import Owner, Part
from converge.components.parts.service_account import RBAC, ServiceAccount
from converge.components.terms import Context, KubernetesObject

ACCOUNT = "mkdocs-delivery"
SCRATCH = {"name": "tmp-dir-argo", "mountPath": "/tmp"}  # noqa: S108 - the pod's own
"""What the executor writes the manifest to before it is applied; only its other container has that by itself."""


class Delivery(Part):
    """The template ``step``, whose parameter ``release`` is what shall be served, and its account; ``owner`` is what builds."""

    requires = ("argo-workflows",)

    def __init__(self, owner: Owner) -> None:
        self.name = ACCOUNT
        self.namespace = owner.namespace
        reports = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
        noted = {"workflows.argoproj.io/service-account-token.name": f"{ACCOUNT}-token"}
        self._account = ServiceAccount(owner, name=ACCOUNT, rules=[reports], keeps_token=True, annotations=noted)

    @property
    def step(self) -> Mapping[str, Any]:
        """The workflow's template ``deliver``."""
        annotations = {site.RELEASE: "{{inputs.parameters.release}}"}
        patch = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": site.SERVER, "namespace": site.NAMESPACE},
            "spec": {"template": {"metadata": {"annotations": annotations}}},
        }
        return {
            "name": "deliver",
            "inputs": {"parameters": [{"name": "release"}]},
            "executor": {"serviceAccountName": ACCOUNT},
            "podSpecPatch": json.dumps({"initContainers": [{"name": "init", "volumeMounts": [SCRATCH]}]}),
            "resource": {"action": "patch", "mergeStrategy": "strategic", "manifest": yaml.safe_dump(patch)},
        }

    def parts(self) -> Sequence[Part]:
        """See ``Part.parts``."""
        return (self._account,)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``: it may change that one Deployment."""
        place = {"name": ACCOUNT, "namespace": site.NAMESPACE}
        rule = {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": [site.SERVER], "verbs": ["get", "patch"]}
        binding = {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": place,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": self.namespace}],
        }
        return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": place, "rules": [rule]}, binding
