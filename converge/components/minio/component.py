"""MinIO: object storage with the S3 API; who somebody is, and what they may do, comes from the realm (`login`).

Source: MinIO documentation ("OpenID Connect Access Management", "AssumeRoleWithWebIdentity", environment variables).
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.minio.bucket_settings import BucketItself
from converge.components.minio.login import console_url, people
from converge.components.minio.root import Root
from converge.components.minio.storage import PLATFORM_BUCKET
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.components.parts.volume import Volume
from converge.inventory import Inventory


class Minio(Component):
    """CORE-006: buckets for people and components."""

    name = "minio"
    issue = "CORE-006"
    namespace = "minio"
    called = "MinIO"
    keeps = "objects"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``; the console's host is the component minio-console's, which signs people in."""
        volume, ca, root = Volume(self, "50Gi"), CaBundle(self), Root(self)
        client, api = people(self), WebHost(self, port="api", purpose="api")
        server = Manifests(
            self, images=["minio"], volume=volume, ca=ca, root=root, client=client, api=api, console_url=console_url(inventory)
        )
        bucket = Holds(lambda context, access: [BucketItself(PLATFORM_BUCKET, context.inventory, access)])
        return volume, ca, root, client, server, api, bucket
