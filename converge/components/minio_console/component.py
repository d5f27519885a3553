"""MinIO's console with the platform login, which its makers removed: a bridge of the platform's own in front of it.

Whoever signs in gets a temporary access key for the realm's token, and the console a session with that key: what a person may
do there is what MinIO's policies allow that person, exactly as through the S3 API. The console's own form, which takes
access keys, stays shut. The bridge is images/recipes/minio-console-login.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.blocks import web_host
from converge.components.component import Access, Component, Context, Endpoint, KubernetesObject, Setting
from converge.components.keycloak import oidc_client, realm
from converge.components.minio.storage import url
from converge.components.minio_console.policy import Policy
from converge.inventory import Inventory

CLIENT = "minio"
"""MinIO gives access keys for tokens of its own client only; the bridge signs people in as that one."""

LOOKING = ("s3:GetBucketLocation", "s3:GetObject", "s3:ListAllMyBuckets", "s3:ListBucket")
"""For people who look and do not touch. MinIO's own ``readonly`` lists nothing, so the console would have nothing to show."""


class MinioConsole(Component):
    """CORE-006: buckets in the browser."""

    name = "minio-console"
    issue = "CORE-006"
    namespace = "minio"
    requires = ("minio", "keycloak", "cert-manager", "dns")
    images = ("minio-console-login",)

    def endpoints(self, inventory: Inventory) -> Sequence[Endpoint]:
        """``https://minio-console.thinkube.test``."""
        return (Endpoint("web", inventory.host(self.name)),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """The bridge, in the namespace of what it stands in front of, and its host."""
        (endpoint,) = self.endpoints(context.inventory)
        bridge = manifests.render(
            Path(__file__).parent,
            image=context.image("minio-console-login"),
            public_url=endpoint.url,
            sts_url=url(context.inventory),
            issuer=realm.issuer(context.inventory),
            client=CLIENT,
            secret=oidc_client.credentials(CLIENT, self.namespace).name,
            # Public certificates are verified with the authorities that the image holds.
            ca_pem=context.ca_pem(),
            trusts_platform=context.inventory.issuer.kind == "private-ca",
        )
        return (*bridge, web_host(self.name, self.namespace, endpoint.host, self.name, "http"))

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """The policy ``viewer``."""
        return (Policy("viewer", LOOKING, context.inventory, access),)
