"""Harbor: images of people and programs in projects, with pages, robots, retention and a proxy of a registry elsewhere.

Five programs of its own: the core has the API and signs people in, the portal its pages, the registry and its control keep images in
object storage, the job service collects garbage and keeps to retention. They run as they are published, and only so: where their images
cannot be had, Harbor is unavailable, and the platform's registry is the component `registry`.
Source: Harbor v2.15.2, make/photon/prepare/templates (what its installer writes) and make/photon (what its images are); harbor-helm 1.19.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.harbor.administrator import Administrator, configuration
from converge.components.harbor.robot import HarborAccount
from converge.components.harbor.server import ADMINISTRATORS, NAME, PROJECT, PROXY, as_administrator
from converge.components.harbor.settings import DEVELOPER, HarborProject, ProjectGroup, ProxyProject, Retention, UpstreamRegistry
from converge.components.keycloak.oidc_client import ConfidentialClient
from converge.components.minio.bucket import Bucket
from converge.components.part import Owner, Part, PartWithSecret
from converge.components.parts.held import Holds
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.components.parts.volume import Volume
from converge.components.postgres.database import Database
from converge.components.registry import server as registry
from converge.components.registry.component import WRITERS
from converge.components.registry.nodes import NodesPull
from converge.components.terms import Access, Context, GeneratedSecret, Setting
from converge.inventory import Inventory

CALLBACK = "/c/oidc/callback"
SIGN_ON = "/c/oidc/login"
KEEPS = 10
"""Images of a repository that outlive the retention."""

WHEN = "0 0 4 * * *"
"""Every night at four, with seconds first."""

PARTS = ("harbor-core", "harbor-portal", "harbor-registry", "harbor-registryctl", "harbor-jobservice")


class Harbor(Component):
    """CORE-007: Harbor, where its images can be had."""

    name = NAME
    issue = "CORE-007"
    namespace = NAME
    called = "Harbor"
    keeps = "images"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: administrators by group, and whoever may push to the platform's registry may push here too."""
        database, bucket, ca, volume = Database(self), Bucket(self), CaBundle(self), Volume(self, "1Gi")
        administrator, shared, keys = Administrator(self), SharedSecrets(self), Keys(self)
        # The pages are the portal's, everything else is the core's; of /service only what gives tokens is for clients.
        core = dict.fromkeys(("/api", "/c", "/v2", "/service/token"), "harbor-core")
        web = WebHost(self, service="harbor-portal", port="http", sign_on=SIGN_ON, elsewhere=core)
        groups: dict[str, dict[str, Sequence[str]]] = {ADMINISTRATORS: {}, WRITERS: {}}
        client = ConfidentialClient(self, redirect_uris=[f"{web.url}{CALLBACK}"], pkce=True, groups=groups)
        servers = Manifests(
            self,
            # The base image's Perl encrypts a password as the registry wants it.
            images=[*PARTS, "valkey", "base"],
            database=database,
            bucket=bucket,
            ca=ca,
            volume=volume,
            administrator=administrator,
            shared=shared,
            keys=keys,
            web=web,
        )
        held = Holds(lambda context, access: [*configuration(client, context, access), *projects(context, access)])
        robots = HarborAccount(self, "platform", may={"*": ["push", "pull"]}), NodesPull(HarborAccount(self, "nodes", may={"*": ["pull"]}))
        return database, bucket, ca, volume, administrator, shared, keys, client, servers, web, held, *robots


def projects(context: Context, access: Access) -> Sequence[Setting]:
    """One for the platform's images, and one that pulls through the registry elsewhere that the inventory's ``mirror`` names."""
    harbor, elsewhere = as_administrator(context.inventory, access), context.inventory.mirror.upstream
    upstream = UpstreamRegistry(harbor, "upstream", elsewhere)
    through = upstream, ProxyProject(harbor, PROXY, upstream, {"public": "false"})
    return (
        HarborProject(harbor, PROJECT, {"public": "false"}),
        ProjectGroup(harbor, PROJECT, WRITERS, DEVELOPER),
        Retention(harbor, PROJECT, most=KEEPS, cron=WHEN),
        # The platform's own registry is no registry elsewhere: it wants a login, and lies beside.
        *(through if elsewhere != registry.url(context.inventory) else ()),
    )


class SharedSecrets(PartWithSecret):
    """How Harbor's parts know each other; each is read at their start."""

    def __init__(self, owner: Owner) -> None:
        kinds = {
            "core-secret": "hex16",
            "jobservice-secret": "hex16",
            "csrf-key": "hex32",
            "registry-password": "password",
            "registry-http-secret": "hex32",
            "valkey-password": "password",
        }
        self.secret = GeneratedSecret(owner.namespace, "harbor-shared", kinds)


class Keys(PartWithSecret):
    """With which Harbor encrypts what it keeps, 16 characters, and signs the tokens that open its registry."""

    def __init__(self, owner: Owner) -> None:
        why = "Harbor encrypts what it keeps with it, and cannot be told another"
        self.secret = GeneratedSecret(owner.namespace, "harbor-keys", {"key": "hex16", "private_key.pem": "rsa-key"}, lasting=why)
