"""The mirror: images of one registry elsewhere, pulled through the platform and kept for a while.

The same server as the registry's, which asks its upstream for what it has not; nobody pushes to it.
Source: Distribution 3 documentation ("Registry as a pull through cache").
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.keycloak.docker_client import DockerClient
from converge.components.minio.bucket import Bucket
from converge.components.part import Part
from converge.components.parts.hosts import WebHost
from converge.components.parts.trust import CaBundle
from converge.components.registry import server
from converge.components.registry.component import UploadState, server_pod
from converge.components.registry.robot import RobotAccount
from converge.inventory import Inventory


class RegistryMirror(Component):
    """CORE-007: one registry elsewhere, pulled through."""

    name = "registry-mirror"
    issue = "CORE-007"
    namespace = "registry-mirror"
    called = "the mirror"
    keeps_nothing = "what it has, its upstream has as well"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: everybody of the realm may pull; at the platform's own registry it is a robot, elsewhere a stranger."""
        ca, bucket, state = CaBundle(self), Bucket(self), UploadState(self)
        client, web = DockerClient(self, everybody="*:pull"), WebHost(self, host="mirror", port="http", purpose="api", page="/v2/")
        upstream = inventory.mirror.upstream
        login = RobotAccount(self, may=["*:pull"]) if upstream == server.url(inventory) else None
        pod = server_pod(self, upstream=upstream, login=login, ca=ca, bucket=bucket, state=state, client=client, web=web)
        return ca, bucket, state, client, *([login] if login else []), pod, web
