"""cert-manager: the platform's own CA, its issuers, and the wildcard certificate that the ingress presents.

CRDs and access rules come from the pinned release (`chart`), the rest lies beside this file. The CA ``thinkube-ca`` always exists, for what
stays inside the cluster; an inventory with an ACME issuer only changes who signs the wildcard.
Source: cert-manager v1.11.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.cert_manager import chart
from converge.components.cert_manager.presented import PresentedWildcard
from converge.components.component import Access, Component, Context, GeneratedSecret, KubernetesObject, Setting
from converge.components.ingress.component import CERTIFICATE
from converge.components.ingress.component import NAMESPACE as INGRESS_NAMESPACE
from converge.inventory import Inventory
from converge.inventory.model import Acme

NAMESPACE = "cert-manager"
CA = "thinkube-ca"
"""The private CA: Certificate, its Secret, and the ClusterIssuer that signs with it."""

CLOUDFLARE_RESOLVERS = "1.1.1.1:53,1.0.0.1:53"
"""Asked whether a challenge's record is there: they belong to who serves the zone."""


class CertManager(Component):
    """CORE-003: certificates are issued, renewed and presented."""

    name = "cert-manager"
    issue = "CORE-003"
    namespace = NAMESPACE
    requires = ("control-node", "ingress")
    images = ("cert-manager-controller", "cert-manager-webhook", "cert-manager-cainjector")

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """With ACME: the token that may write DNS records, from where the inventory says."""
        if not isinstance(inventory.issuer, Acme):
            return ()
        return (GeneratedSecret(NAMESPACE, "cloudflare", {"token": "=" + inventory.issuer.cloudflare_token.read()}),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """CRDs, access rules, three Deployments, issuers, the CA and the wildcard."""
        release = context.release("cert-manager")
        issuer = context.inventory.issuer
        names = {
            "namespace_name": NAMESPACE,
            "images": {part: context.image(f"cert-manager-{part}") for part in ("controller", "webhook", "cainjector")},
            "ca": CA,
            "ca_subject": f"{context.inventory.domain_name} CA"[:64],
            "resolvers": CLOUDFLARE_RESOLVERS,
            "acme": issuer if isinstance(issuer, Acme) else None,
            "domain": context.inventory.domain_name,
            "ingress_namespace": INGRESS_NAMESPACE,
            "certificate": CERTIFICATE,
        }
        return [*chart.crds(release), *chart.access_rules(release), *manifests.render(Path(__file__).parent, **names)]

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """The ingress presents the wildcard, so that whoever comes next can trust what it meets."""
        return (PresentedWildcard(context, access),)
