"""The harness inside the platform: it deploys, verifies and removes an optional component, started by a Job, a workflow or AWX.

A run is a pod of this checkout's own code, with an account that may work on one component and nothing else; what it has to know a
converge from outside has written down for it, and its report is kept in object storage.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from converge.components.argo_workflows.component import NAMESPACE as WORKFLOWS
from converge.components.component import Component
from converge.components.harness.runner import Runner
from converge.components.harness.served import served
from converge.components.harness.server import IMAGE, NAMESPACE, TOLD, VERBS, job, template
from converge.components.minio.bucket import Bucket
from converge.components.part import Elsewhere, Part
from converge.components.parts.manifests import Manifests
from converge.components.parts.service_account import ServiceAccount
from converge.components.terms import Context, KubernetesObject, Probe
from converge.inventory import Inventory

LIVE = "/minio/health/live"

STARTER = "harness-starter"
GROUP = "argoproj.io"
RESULTS = {"apiGroups": [GROUP], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
TOKEN = {"workflows.argoproj.io/service-account-token.name": f"{STARTER}-token"}
SCRATCH = {"name": "tmp-dir-argo", "mountPath": "/tmp"}  # noqa: S108 - the pod's own
"""What the executor writes the manifest to before it is applied; only its other container has that by itself."""


class Harness(Component):
    """CORE-011: what AWX's job templates run, and workflows and Jobs without it."""

    name = "harness"
    issue = "CORE-011"
    namespace = NAMESPACE
    called = "the harness inside the platform"
    keeps = "reports"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``."""
        reports = Bucket(self)
        components = served(inventory)
        starter = Elsewhere(STARTER, WORKFLOWS, inventory)
        return (
            reports,
            Manifests(self),
            *(Runner(one) for one in components),
            Told(reports),
            ServiceAccount(starter, rules=[RESULTS], keeps_token=True, annotations=TOKEN),
            Templates(reports, [one.name for one in components]),
        )


def reports(component: Component) -> Bucket:
    """Where the harness keeps its reports."""
    return next(part for part in component.every_part if isinstance(part, Bucket))


class Told(Part):
    """The ConfigMap that tells a run which platform it is part of."""

    requires = ("cert-manager",)
    images = (IMAGE,)

    def __init__(self, reports: Bucket) -> None:
        self._reports = reports

    def probes(self) -> Sequence[Probe]:
        """See ``Part.probes``: between runs nothing of it runs, but its reports can be read."""
        return (Probe("page", f"{self._reports.url}{LIVE}"),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``: the inventory as it was read, the images that the nodes run, and whom to trust."""
        names = dict.fromkeys(name for one in served(context.inventory) for name in one.images)
        images = {name: {"reference": context.image(name), "version": context.version(name)} for name in (*names, "base")}
        inventory = context.inventory.model_dump(mode="json", exclude_unset=True)
        data = {
            "inventory.yaml": json.dumps(inventory, indent=1, sort_keys=True),
            "images.json": json.dumps(images, indent=1, sort_keys=True),
            "ca.crt": context.ca_pem(),
        }
        return ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": TOLD, "namespace": NAMESPACE}, "data": data},)


class Templates(Part):
    """A WorkflowTemplate for each component, whose workflow starts the Job for a ``verb`` and ends as that does."""

    requires = ("argo-workflows",)

    def __init__(self, reports: Bucket, names: Sequence[str]) -> None:
        self._reports = reports
        self._names = names

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """See ``Part.objects``; whoever runs the workflow may start Jobs where the harness runs."""
        rules = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get", "list", "watch"]}]
        place = {"name": STARTER, "namespace": NAMESPACE}
        rbac = "rbac.authorization.k8s.io"
        return (
            {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": place, "rules": rules},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "RoleBinding",
                "metadata": place,
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": STARTER},
                "subjects": [{"kind": "ServiceAccount", "name": STARTER, "namespace": WORKFLOWS}],
            },
            *(self._template(context, name) for name in self._names),
        )

    def _template(self, context: Context, name: str) -> KubernetesObject:
        started = job(context.image(IMAGE), self._reports, "{{workflow.parameters.verb}}", name)
        resource: dict[str, Any] = {
            "action": "create",
            "successCondition": "status.succeeded > 0",
            "failureCondition": "status.failed > 0",
            "manifest": json.dumps(started, indent=1),
        }
        run = {
            "name": "run",
            "executor": {"serviceAccountName": STARTER},
            "podSpecPatch": json.dumps({"initContainers": [{"name": "init", "volumeMounts": [SCRATCH]}]}),
            "resource": resource,
        }
        return {
            "apiVersion": f"{GROUP}/v1alpha1",
            "kind": "WorkflowTemplate",
            "metadata": {"name": template(name), "namespace": WORKFLOWS},
            "spec": {
                "entrypoint": "run",
                "arguments": {"parameters": [{"name": "verb", "value": "verify", "enum": list(VERBS)}]},
                "templates": [run],
            },
        }
