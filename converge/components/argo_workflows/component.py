"""Argo Workflows: work in steps, each a pod, whose files and logs are kept in object storage.

The controller turns Workflows of this namespace into pods; the server is its API and signs people in. Kinds and roles come from
the pinned release, the two Deployments and their configuration lie beside this file.
Source: Argo Workflows 3.7 documentation ("Argo Server SSO", "Configuring Your Artifact Repository", "Service Account Secrets").
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.argo_workflows.accounts import VIEWERS, automation, executor, people
from converge.components.argo_workflows.cookie_key import CookieKey
from converge.components.component import Component
from converge.components.keycloak.oidc_client import ConfidentialClient
from converge.components.minio.bucket import Bucket
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.hosts import GrpcHost, WebHost
from converge.components.parts.manifests import Manifests, Release, into
from converge.components.parts.scraped import Scraped
from converge.components.parts.trust import CaBundle
from converge.inventory import Inventory

NAMESPACE = "argo"
API = "/api/v1/version"
"""Answers a stranger with 401 once the server reaches its own API, a moment after its pages are there; before with 503."""

SIGN_ON = "/oauth2/redirect?redirect=/"
"""Signs a person in with the platform login, and leads to the server's page."""

KINDS = (
    "clusterworkflowtemplates",
    "cronworkflows",
    "workflowartifactgctasks",
    "workfloweventbindings",
    "workflows",
    "workflowtaskresults",
    "workflowtasksets",
    "workflowtemplates",
)
ROLES = (
    "argo-server-sa.yaml",
    "argo-server-role.yaml",
    "argo-server-rolebinding.yaml",
    "workflow-controller-sa.yaml",
    "workflow-controller-role.yaml",
    "workflow-controller-rolebinding.yaml",
)


class ArgoWorkflows(Component):
    """CORE-008: workflows of people and programs."""

    name = "argo-workflows"
    issue = "CORE-008"
    namespace = NAMESPACE
    called = "Argo Workflows"
    keeps = "workflows"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: who may do what, its bucket and its client, the release's kinds, and the two Deployments."""
        bucket, ca, steps = Bucket(self), CaBundle(self), executor(self)
        # Pods of steps take the CA from a Secret, as they take the access key.
        trusted = CaBundle(self, name="artifacts-ca", kind="Secret")
        web = WebHost(self, host="argo", service="argo-server", port="web", page=API, sign_on=SIGN_ON)
        grpc = GrpcHost(self, host="argo-grpc", selector={"app": "argo-server"}, target="web")
        client = ConfidentialClient(self, redirect_uris=[f"{web.url}/oauth2/callback"], groups={VIEWERS: {}})
        servers = Manifests(
            self,
            images=["argo-server", "argo-controller", "argo-executor"],
            web=web,
            client=client,
            bucket=bucket,
            ca=ca,
            trusted=trusted,
            executor=steps,
        )
        return (
            bucket,
            ca,
            trusted,
            client,
            Release("argo-workflows", [f"argoproj.io_{kind}.yaml" for kind in KINDS] + list(ROLES), into(NAMESPACE)),
            *people(self, secrets=[bucket.secret.name, trusted.name]),
            automation(self),
            steps,
            Holds(lambda _, access: [CookieKey(NAMESPACE, access.api)], first=True),
            servers,
            web,
            grpc,
            Scraped(self, selector={"app": "workflow-controller"}, port=9090),
        )
