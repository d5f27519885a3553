"""OpenSearch: documents that can be searched, with the platform's login.

One server, assembled of the libraries that its makers publish (recipes/opensearch). Programs and people ask it through the ingress; what
servers say to each other is encrypted with the platform's certificates, also where there is only one.
Source: OpenSearch 2.19 documentation ("Configuring OpenSearch", "TLS certificates", "OpenID Connect").
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Component
from converge.components.keycloak.oidc_client import PublicClient
from converge.components.opensearch.administrator import Administrator, sign_on
from converge.components.opensearch.rights import rights
from converge.components.opensearch.server import ADMINISTRATORS, EDITORS, HEALTH, HOST, NAME, NAMESPACE, VIEWERS
from converge.components.part import Part
from converge.components.parts.followed import FollowedCertificate
from converge.components.parts.held import Holds
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle, ServerCertificate
from converge.components.parts.volume import Volume
from converge.inventory import Inventory

LOOPBACK = ("http://localhost:8000", "http://localhost:18000")
"""Where people's programs listen for the code."""


class OpenSearch(Component):
    """OPT-003: an index for documents and logs."""

    name = NAME
    issue = "OPT-003"
    namespace = NAMESPACE
    called = "OpenSearch"
    keeps = "documents"
    is_optional = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``."""
        volume, ca = Volume(self, "10Gi"), CaBundle(self)
        people = PublicClient(self, redirect_uris=LOOPBACK, groups={ADMINISTRATORS: {}, EDITORS: {}, VIEWERS: {}})
        ways = sign_on(people.issuer, people.name)
        administrator = Administrator(self, ways)
        certificate = ServerCertificate(self, [HOST], usages=["server auth", "client auth"], encoding="PKCS8")
        web = WebHost(self, port="http", purpose="api", page=HEALTH)
        server = Manifests(
            self, images=[NAME], volume=volume, ca=ca, administrator=administrator, certificate=certificate, sign_on=ways, health=HEALTH
        )
        followed = Holds(lambda _, access: [FollowedCertificate(NAMESPACE, NAME, certificate.secret_name, access.api)])
        return volume, ca, people, certificate, server, web, administrator, Holds(rights), followed
