"""MinIO's console with the platform login, which its makers removed: a bridge of the platform's own in front of it.

Whoever signs in gets a temporary access key for the realm's token, and the console a session with that key: what a person may
do there is what MinIO's policies allow that person, exactly as through the S3 API. The console's own form, which takes
access keys, stays shut. The bridge is images/recipes/minio-console-login.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.minio.component import Minio
from converge.components.minio.login import people
from converge.components.minio.storage import url
from converge.components.minio_console.policy import Policy
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.inventory import Inventory

LOOKING = ("s3:GetBucketLocation", "s3:GetObject", "s3:ListAllMyBuckets", "s3:ListBucket")
"""For people who look and do not touch. MinIO's own ``readonly`` lists nothing, so the console would have nothing to show."""


class MinioConsole(Component):
    """CORE-006: buckets in the browser."""

    name = "minio-console"
    issue = "CORE-006"
    namespace = Minio.namespace
    called = "MinIO's console"
    keeps_nothing = "its people are Keycloak's and its buckets MinIO's"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: the bridge, in the namespace of what it stands in front of, its host, and the policy ``viewer``."""
        minio, web = Minio(inventory), WebHost(self, port="http", sign_on="/browser")
        bridge = Manifests(
            self,
            requires=["minio"],
            images=["minio-console-login"],
            web=web,
            sts_url=url(inventory),
            # MinIO gives access keys for tokens of its own client only; the bridge signs people in as that one.
            client=people(minio),
            ca=CaBundle(minio),
            # Public certificates are verified with the authorities that the image holds.
            trusts_platform=inventory.issuer.kind == "private-ca",
        )
        return bridge, web, Holds(lambda context, access: [Policy("viewer", LOOKING, context.inventory, access)], requires=["keycloak"])
