"""cert-manager: the platform's own CA, its issuers, and the wildcard certificate that the ingress presents.

Objects come from the pinned release, fitted to this platform (`deployments`); issuers and the wildcard lie beside this file. The CA
(`authority`) always exists, for what stays inside the cluster; an inventory with an ACME issuer only changes who signs the wildcard.
Source: cert-manager v1.11.5, the release's cert-manager.yaml.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components import manifests
from converge.components.cert_manager import deployments
from converge.components.cert_manager.authority import CA as CA
from converge.components.cert_manager.authority import NAMESPACE as NAMESPACE
from converge.components.cert_manager.authority import PlatformCa
from converge.components.cert_manager.issued import IssuedCertificates
from converge.components.cert_manager.presented import PresentedWildcard
from converge.components.component import Access, Component, Context, GeneratedSecret, KubernetesObject, Setting
from converge.components.ingress.component import CERTIFICATE
from converge.components.ingress.component import NAMESPACE as INGRESS_NAMESPACE
from converge.inventory import Inventory
from converge.inventory.model import Acme


class CertManager(Component):
    """CORE-003: certificates are issued, renewed and presented."""

    name = "cert-manager"
    issue = "CORE-003"
    namespace = NAMESPACE
    requires = ("control-node", "ingress")
    images = tuple(deployments.IMAGES.values())
    releases = ("cert-manager",)

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """With ACME: the token that may write DNS records, from where the inventory says."""
        if not isinstance(inventory.issuer, Acme):
            return ()
        return (GeneratedSecret(NAMESPACE, "cloudflare", {"token": "=" + inventory.issuer.cloudflare_token.read()}),)

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """The CA: made before anything that signs with it, and before anything that trusts it."""
        return (PlatformCa(context, access),)

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """The release's objects, issuers and the wildcard."""
        issuer = context.inventory.issuer
        acme = issuer if isinstance(issuer, Acme) else None
        released = manifests.read(context.release("cert-manager") / "cert-manager.yaml")
        deployments.fit(released, context.image, public=acme is not None)
        return released + manifests.render(
            Path(__file__).parent,
            namespace_name=NAMESPACE,
            ca=CA,
            acme=acme,
            domain=context.inventory.domain_name,
            ingress_namespace=INGRESS_NAMESPACE,
            certificate=CERTIFICATE,
        )

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """Every certificate is of the CA of today, and the ingress presents the wildcard: whoever comes next can trust what it meets."""
        return (IssuedCertificates(context, access), PresentedWildcard(context, access))
