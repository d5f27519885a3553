"""Argo CD: what lies in Git is what runs in the cluster, and stays so.

The controller compares and delivers, the repository server reads Git and renders, the server is the API, and signs people in. Kinds and
rights come from the pinned release, the three workloads and their configuration lie beside this file; its cache is the platform's
Valkey, and Dex is not needed, as the platform has one issuer.
Source: Argo CD 3.2 documentation ("Installation", "Declarative Setup", "Keycloak", "RBAC Configuration", "User Management").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from converge.components.argo_cd import server, tokens
from converge.components.argo_cd.configuration import configuration
from converge.components.argo_cd.derived_secret import DerivedSecret
from converge.components.argo_cd.generated import Generated
from converge.components.argo_cd.project import DefaultProject
from converge.components.component import Component
from converge.components.git.host_key import KnownHosts
from converge.components.keycloak.oidc_client import ConfidentialClient, PublicClient
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.components.part import Part
from converge.components.parts.followed import FollowedCertificate
from converge.components.parts.held import Holds
from converge.components.parts.hosts import GrpcHost, WebHost
from converge.components.parts.manifests import Manifests, Release, into
from converge.components.parts.scraped import Scraped
from converge.components.parts.trust import CaBundle, ServerCertificate
from converge.components.terms import Access, Context, KubernetesObject, Setting
from converge.components.valkey.user import ValkeyUser
from converge.inventory import Inventory

REPOSITORY_SERVER = f"argocd-repo-server.{server.NAMESPACE}.svc"

FILES = (
    "application-crd.yaml",
    "applicationset-crd.yaml",
    "appproject-crd.yaml",
    "argocd-application-controller-clusterrole.yaml",
    "argocd-application-controller-clusterrolebinding.yaml",
    "argocd-application-controller-role.yaml",
    "argocd-application-controller-rolebinding.yaml",
    "argocd-application-controller-sa.yaml",
    "argocd-cm.yaml",
    "argocd-repo-server-sa.yaml",
    "argocd-server-clusterrole.yaml",
    "argocd-server-clusterrolebinding.yaml",
    "argocd-server-role.yaml",
    "argocd-server-rolebinding.yaml",
    "argocd-server-sa.yaml",
)

KEYS = ("*|1.8.3", "*|1.8.3.gz", "revoked-token|*", "access_token_*", "oidc_token_*", "userinfo_response_*")
"""What it keeps in Valkey: it knows no prefix, but ends with the version of what it keeps (common.CacheVersion)."""

CHANNELS = ("*|1.8.3", "new-revoked-token")

LOOPBACK = "http://localhost:8085/auth/callback"
"""Where its command line waits for a person who signs in with a browser."""

METRICS = {"application-controller": 8082, "server": 8083, "repo-server": 8084}
"""Its programs, and where each has its metrics."""


class ArgoCd(Component):
    """CORE-009: deliveries from Git."""

    name = "argo-cd"
    issue = "CORE-009"
    namespace = server.NAMESPACE
    called = "Argo CD"
    keeps = "applications"

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``."""
        ca, cache = CaBundle(self), ValkeyUser(self, keys=KEYS, channels=CHANNELS)
        web = WebHost(self, host=server.HOST, service="argocd-server", port="http", page=server.API, sign_on=server.SIGN_ON)
        grpc = GrpcHost(self, host=server.GRPC_HOST, selector={"app": "argocd-server"}, target="http")
        client = ConfidentialClient(self, redirect_uris=[f"{web.url}/auth/callback"], logout_uris=[web.url], pkce=True)
        programs = PublicClient(self, name=f"{self.name}-cli", redirect_uris=[LOOPBACK])
        certificate = ServerCertificate(self, [REPOSITORY_SERVER], name="argocd-repo-server")

        def fit(objects: list[KubernetesObject], context: Context) -> None:
            into(server.NAMESPACE)(objects, context)
            for item in objects:
                if item["kind"] == "ConfigMap":
                    item["data"] |= configuration(web.url, client, programs, context.ca_pem())

        servers = Manifests(
            self,
            images=["argo-cd"],
            client=client,
            ca=ca,
            cache=cache,
            certificate=certificate,
            repository_server=f"{REPOSITORY_SERVER}:8081",
            git_host=inventory.host("git"),
            administrators=ADMINISTRATORS,
            ci=server.CI,
            part_of=server.PART_OF,
        )
        return (
            ca,
            cache,
            client,
            programs,
            certificate,
            KnownHosts(self, name="argocd-ssh-known-hosts-cm", key="ssh_known_hosts", labels=server.PART_OF),
            Generated(server.SIGNATURE),
            Generated(server.CI_IDENTITY),
            Holds(partial(_derived, client.secret.name), first=True),
            Release("argo-cd", FILES, fit),
            servers,
            Holds(lambda _, access: [_followed(certificate, access)]),
            web,
            grpc,
            *(Scraped(self, selector={"app": f"argocd-{name}"}, port=port, name=f"argocd-{name}") for name, port in METRICS.items()),
        )


def _followed(certificate: ServerCertificate, access: Access) -> Setting:
    """Who reads Git shows the certificate that was issued last."""
    return FollowedCertificate(server.NAMESPACE, certificate.name, certificate.secret_name, access.api, kind="Deployment")


def _derived(client_secret: str, _: Context, access: Access) -> Sequence[Setting]:
    """What the server finds at its start: its project, and the Secret that it reads; and the token of the account for programs."""
    read = partial(access.secret, server.NAMESPACE)

    def own() -> dict[str, str]:
        return {
            "server.secretkey": read(server.SIGNATURE.name, "key"),
            "oidc.clientSecret": read(client_secret, "client-secret"),
            f"accounts.{server.CI}.tokens": tokens.listed(read(server.CI_IDENTITY.name, "id")),
        }

    return (
        DefaultProject(ArgoCd.name, access.api),
        DerivedSecret("argocd-secret", ArgoCd.name, own, server.PART_OF, access.api),
        DerivedSecret(server.CI_TOKEN, ArgoCd.name, lambda: {"token": server.ci_token(access)}, {}, access.api),
    )
