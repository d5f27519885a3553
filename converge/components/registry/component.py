"""The registry: images of people and components, in object storage, with the platform login.

The distribution server, which Harbor itself ships, takes tokens that Keycloak's docker protocol gives; what a token opens is decided by
the attribute ``registry`` of people and groups. A keeper in its pod runs it with the realm's keys and collects its garbage
(images/recipes/registry-keeper).
Source: Distribution 3 documentation ("Configuring a registry", "Garbage collection"); Keycloak 26, docker protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converge.components.component import Component
from converge.components.keycloak.docker_client import ATTRIBUTE, DockerClient
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.minio.bucket import Bucket
from converge.components.part import Owner, Part, PartWithSecret
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.components.registry.nodes import NodesPull
from converge.components.registry.robot import RobotAccount
from converge.components.registry.server import HOST
from converge.components.terms import GeneratedSecret
from converge.inventory import Inventory

WRITERS = "registry-writers"
"""The group whose members may push everywhere."""


class Registry(Component):
    """CORE-007: images are pushed, pulled and run."""

    name = "registry"
    issue = "CORE-007"
    namespace = "registry"
    called = "the registry"
    keeps = "images"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: everybody of the realm may pull, writers push, administrators do everything."""
        ca, bucket, state = CaBundle(self), Bucket(self), UploadState(self)
        groups = {ADMINISTRATORS: {ATTRIBUTE: ["*:*"]}, WRITERS: {ATTRIBUTE: ["*:pull,push"]}}
        client, web = (
            DockerClient(self, everybody="*:pull", groups=groups),
            WebHost(self, host=HOST, port="http", purpose="api", page="/v2/"),
        )
        server = server_pod(self, ca=ca, bucket=bucket, state=state, client=client, web=web)
        robot = RobotAccount(self, name="platform", may=["*:pull,push"])
        nodes = NodesPull(RobotAccount(self, name="nodes", may=["*:pull"]))
        return ca, bucket, state, client, server, web, robot, nodes


def server_pod(owner: Owner, *, upstream: str = "", login: RobotAccount | None = None, **names: Any) -> Manifests:
    """The distribution server with its keeper; with an ``upstream`` it pulls through that, as whom ``login`` says."""
    images = ["registry", "registry-keeper"]
    return Manifests(owner, images=images, folder=Path(__file__).parent, upstream=upstream, login=login, **names)


class UploadState(PartWithSecret):
    """What signs the state of uploads under way, which clients carry; a new one breaks those off."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, f"{owner.name}-uploads", {"secret": "hex32"})
