"""That the ingress presents the wildcard certificate which cert-manager has issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from converge import tls
from converge.components.ingress.component import CERTIFICATE, NAMESPACE
from converge.components.terms import Access, Context, Difference
from converge.errors import NotReady

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class PresentedWildcard:
    """The certificate in the ingress's Secret is the one that a client of the domain meets.

    Nothing has to be written for that: the ingress watches the Secret, so "writing" waits until it has taken it up.
    """

    subject = "certificate at the ingress"

    def __init__(self, context: Context, access: Access) -> None:
        self._address = context.ingress_address
        self._host = context.inventory.host("ingress")
        self._deadline_s = context.inventory.deadlines.component_s
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """Compare serial numbers: of the Secret's certificate and of the one presented."""
        wanted, seen = self._issued(), tls.presented(self._address, self._host)
        if tls.serial(wanted) == tls.serial(seen):
            return ()
        return (Difference(self.subject, "serial number", wanted=tls.serial(wanted), seen=tls.serial(seen)),)

    def write(self) -> None:
        """Wait until it is presented.

        Raises:
            NotReady: the ingress still presents another one at the deadline.
        """
        tls.wait_until_presented(self._address, self._host, self._issued(), self._deadline_s)

    def _issued(self) -> Certificate:
        secret = self._access.api().find("Secret", CERTIFICATE, NAMESPACE)
        if secret is None:
            raise NotReady(f"Secret {NAMESPACE}/{CERTIFICATE}", seen="absent", cause="cert-manager has not issued the wildcard certificate")
        return tls.from_secret(secret)
