"""MinIO: object storage with the S3 API; who somebody is, and what they may do, comes from the realm.

Temporary access keys are given for a realm's token (STS) whose claim ``policy`` names policies of MinIO's.
Source: MinIO documentation ("OpenID Connect Access Management", "AssumeRoleWithWebIdentity", environment variables).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.blocks import web_host
from converge.components.component import Access, Component, Context, Credential, Endpoint, GeneratedSecret, KubernetesObject, Setting
from converge.components.keycloak import oidc_client, realm
from converge.components.keycloak.settings import Group, mapper
from converge.components.minio import storage
from converge.components.minio.login import CALLBACK, console_url
from converge.components.minio.storage import ROOT_SECRET, Bucket
from converge.inventory import Inventory

BUCKET = "thinkube"
"""The platform's own bucket."""


class Minio(Component):
    """CORE-006: buckets for people and components."""

    name = "minio"
    issue = "CORE-006"
    namespace = "minio"
    requires = ("storage", "cert-manager", "dns", "keycloak")
    images = ("minio",)

    def endpoints(self, inventory: Inventory) -> Sequence[Endpoint]:
        """The S3 API."""
        return (Endpoint("api", inventory.host("minio")),)

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """The root user's, and the OIDC client's."""
        root = GeneratedSecret(self.namespace, ROOT_SECRET, {"username": "=root", "password": "password"})
        return (root, oidc_client.credentials(self.name, self.namespace))

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """Its client in the realm, whose tokens carry the claim ``policy`` of a user or of a user's groups."""
        here = realm.realm(context.inventory, access)
        policy = mapper(
            "oidc-usermodel-attribute-mapper",
            user_attribute="policy",
            claim_name="policy",
            jsonType_label="String",
            multivalued=True,
            aggregate_attrs=True,
            id_token_claim=True,
            access_token_claim=True,
            userinfo_token_claim=True,
        )
        callback = f"{console_url(context.inventory)}{CALLBACK}"
        return (
            oidc_client.confidential(
                here, self.name, self.namespace, access, redirect_uris=[callback], pkce=True, mappers={"policy": policy}
            ),
            Group(here, realm.ADMINISTRATORS, attributes={"policy": ["consoleAdmin"]}),
        )

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """Server, service and host; the console's host is the component minio-console's, which signs people in."""
        (api,) = self.endpoints(context.inventory)
        server = manifests.render(
            Path(__file__).parent,
            image=context.image,
            ca_pem=context.ca_pem(),
            storage=context.inventory.options(self.name).storage or "50Gi",
            api_url=api.url,
            console_url=console_url(context.inventory),
            issuer=realm.issuer(context.inventory),
        )
        return (*server, web_host("minio", self.namespace, api.host, "minio", "api"))

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """The platform's bucket."""
        return (Bucket(BUCKET, context.inventory, access),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """The root user's, which the server takes at its start, and the client's."""
        root, _ = self.secrets(context.inventory)
        client = oidc_client.login(self.name, self.namespace, realm.issuer(context.inventory), access)
        return (storage.login(root, context.inventory, access), client)
