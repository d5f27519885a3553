"""cert-manager: the platform's own CA, its issuers, and the wildcard certificate that the ingress presents.

Objects come from the pinned release, fitted to this platform (`deployments`); issuers and the wildcard lie beside this file. The CA
(`authority`) always exists, for what stays inside the cluster; an inventory with an ACME issuer only changes who signs the wildcard.
Source: cert-manager v1.11.5, the release's cert-manager.yaml.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from converge.components.cert_manager import deployments
from converge.components.cert_manager.authority import NAMESPACE as NAMESPACE
from converge.components.cert_manager.authority import PlatformCa
from converge.components.cert_manager.issued import IssuedCertificates
from converge.components.cert_manager.presented import PresentedWildcard
from converge.components.component import Component
from converge.components.ingress.component import CERTIFICATE
from converge.components.ingress.component import NAMESPACE as INGRESS_NAMESPACE
from converge.components.part import Part
from converge.components.parts.held import Holds
from converge.components.parts.manifests import Manifests, Release
from converge.components.parts.scraped import Scraped
from converge.components.parts.trust import CA as CA
from converge.components.terms import GeneratedSecret
from converge.inventory import Inventory
from converge.inventory.model import Acme


class CertManager(Component):
    """CORE-003: certificates are issued, renewed and presented."""

    name = "cert-manager"
    issue = "CORE-003"
    namespace = NAMESPACE
    keeps = "certificates"
    only_provisions = True

    def parts(self, inventory: Inventory) -> Sequence[Part]:
        """See ``Component.parts``: the release, the CA before it, issuers, the wildcard, and that everything is of the CA of today."""
        acme = inventory.issuer if isinstance(inventory.issuer, Acme) else None
        fit = partial(deployments.fit, public=acme is not None)
        issuers = Manifests(
            self,
            requires=["ingress"],
            ca=CA,
            acme=acme,
            domain=inventory.domain_name,
            ingress_namespace=INGRESS_NAMESPACE,
            certificate=CERTIFICATE,
        )
        return (
            # The CA is made before anything that signs with it, and before anything that trusts it.
            Holds(lambda context, access: [PlatformCa(context, access)], first=True),
            *([CloudflareToken(acme)] if acme else []),
            Release("cert-manager", ["cert-manager.yaml"], fit, images=list(deployments.IMAGES.values())),
            issuers,
            Scraped(self, selector={"app": "cert-manager"}, port=9402),
            Holds(lambda context, access: [IssuedCertificates(context, access), PresentedWildcard(context, access)]),
        )


class CloudflareToken(Part):
    """The token that may write DNS records, from where the inventory says."""

    def __init__(self, acme: Acme) -> None:
        self._token = acme.cloudflare_token

    def secrets(self) -> Sequence[GeneratedSecret]:
        """See ``Part.secrets``."""
        return (GeneratedSecret(NAMESPACE, "cloudflare", {"token": "=" + self._token.read()}),)
