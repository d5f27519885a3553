"""That every certificate of the platform's CA was signed by the CA of today: cert-manager itself does not look when the CA changes.

It holds for whatever asks the ClusterIssuer, also for Certificates of people and of components that are still to be written.
Source: cert-manager v1.11.5, documentation of the CA issuer ("the CA rotation is not handled").
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from converge import authority
from converge.components.cert_manager.authority import CA, SUBJECT, find, signing
from converge.components.terms import Access, Context, Difference
from converge.errors import NotReady
from converge.kubernetes.client import Api
from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.issuance import ISSUER, KIND, outdate, reissue
from converge.kubernetes.mounted import bring
from converge.kubernetes.objects import KubernetesObject, Ref, annotations_of

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_NAME = "cert-manager.io/certificate-name"
"""The annotation of a Secret that names the Certificate which it was made for."""


@dataclass(frozen=True)
class Issued:
    """A Certificate of any issuer and what its Secret holds: ``Issued(ref, "postgres-tls", "ClusterIssuer thinkube-ca", expires, "")``.

    ``fault`` says why it is not one of the platform's CA as it is now; "" where it is, or where another issuer signs it.
    """

    ref: Ref
    secret: str
    issuer: str
    expires: datetime | None
    fault: str = ""


class IssuedCertificates:
    """What the platform's CA of today did not sign is issued anew, and the pods that read it get the new files at once."""

    subject = f"certificates of {SUBJECT}"

    def __init__(self, context: Context, access: Access) -> None:
        self._deadline_s = context.inventory.deadlines.component_s
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = _Seen(self._access.api())
        stale = [one for one in (*seen.issued(), *seen.left_behind()) if one.fault]
        return [Difference(str(one.ref), "", wanted=f"signed by {SUBJECT}", seen=one.fault) for one in stale]

    def write(self) -> None:
        """See ``Setting.write``.

        Raises:
            NotReady: a certificate was not issued.
        """
        api = self._access.api()
        seen = _Seen(api)
        stale = [one for one in seen.issued() if one.fault]
        reissue(api, [one.ref for one in stale], self._deadline_s)
        for one in stale:
            bring(api, one.ref.namespace, one.secret)
        for left in seen.left_behind():
            outdate(api, left.secret, left.ref.namespace)


def every(api: Api) -> list[Issued]:
    """Every Certificate in the cluster that has been issued, in order; none where cert-manager is not there."""
    return _Seen(api).issued()


class _Seen:
    """All Certificates and the Secrets of their kind, each listed once."""

    def __init__(self, api: Api) -> None:
        self._certificates = _certificates(api)
        self._secrets = api.list("Secret", fields="type=kubernetes.io/tls")
        self._api = api

    @cached_property
    def _ours(self) -> list[str]:
        return _chain_of(find(self._api))

    def issued(self) -> list[Issued]:
        secrets = {(secret["metadata"]["namespace"], secret["metadata"]["name"]): secret for secret in self._secrets}
        ours = self._ours if self._certificates else []
        return sorted(_issued(self._certificates, secrets, ours), key=lambda one: one.ref)

    def left_behind(self) -> list[Issued]:
        """Secrets that another CA signed and whose Certificates are gone, as after their definition was deleted.

        A Certificate that comes again would take such a Secret for its own (`outdate`).
        """
        there = {(ref.namespace, ref.name) for ref in map(Ref.of, self._certificates)}
        found = [secret for secret in self._secrets if annotations_of(secret).get(ISSUER) == CA]
        found = [one for one in found if (one["metadata"]["namespace"], annotations_of(one).get(_NAME, "")) not in there]
        return [one for one in map(self._left, found) if one.fault]

    def _left(self, secret: KubernetesObject) -> Issued:
        ref, data = Ref.of({"apiVersion": "v1", "kind": "Secret", **secret}), secret.get("data") or {}
        return Issued(ref, ref.name, f"ClusterIssuer {CA}", None, _fault(data, _leaf(data), self._ours))


def _certificates(api: Api) -> list[KubernetesObject]:
    """None of them where their definition is not there."""
    try:
        return list(api.list(KIND))
    except (UnknownKind, ApiRefused) as refused:
        if refused.code == 404:
            return []
        raise


def _issued(listed: Sequence[KubernetesObject], secrets: dict[tuple[str, str], KubernetesObject], ours: Sequence[str]) -> Iterator[Issued]:
    for obj in listed:
        ref, name = Ref.of(obj), obj["spec"]["secretName"]
        issuer = obj["spec"]["issuerRef"]
        named = f"{issuer.get('kind', 'Issuer')} {issuer['name']}"
        data = (secrets.get((ref.namespace, name)) or {}).get("data") or {}
        if not data.get("tls.crt"):  # cert-manager sees that by itself
            yield Issued(ref, name, named, None)
            continue
        leaf = _leaf(data)
        fault = _fault(data, leaf, ours) if leaf is None or (ours and named == f"ClusterIssuer {CA}") else ""
        yield Issued(ref, name, named, leaf.not_valid_after_utc if leaf else None, fault)


def _leaf(data: Mapping[str, str]) -> Certificate | None:
    """The certificate that a Secret holds; None where that is none."""
    try:
        return authority.certificates(_text(data.get("tls.crt", "")))[0]
    except ValueError:
        return None


def _fault(data: Mapping[str, str], leaf: Certificate | None, ours: Sequence[str]) -> str:
    """``ours`` are the CA's certificates, from the one that signs to the root."""
    if leaf is None:
        return "it is no certificate"
    (signer, *_) = authority.certificates(ours[0])
    if not authority.is_issued_by(leaf, signer):
        return f"signed by another CA, {leaf.issuer.rfc4514_string()}"
    if _text(data.get("ca.crt", "")).strip() != ours[-1].strip():
        return "the CA's certificate beside it is another"
    return ""


def _chain_of(secret: KubernetesObject | None) -> list[str]:
    current = signing(secret) if secret else None
    if current is None or authority.fault(current):
        raise NotReady(SUBJECT, seen=f"Secret cert-manager/{CA} does not hold one", next_command="pytest features/ -m cert-manager")
    return [authority.as_pem(one) for one in authority.certificates(current.certificate)]


def _text(value: str) -> str:
    return base64.b64decode(value).decode(errors="replace")
