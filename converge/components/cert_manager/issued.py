"""That every certificate of the platform's CA was signed by the CA of today: cert-manager itself does not look when the CA changes.

It holds for whatever asks the ClusterIssuer, also for Certificates of people and of components that are still to be written.
Source: cert-manager v1.11.5, documentation of the CA issuer ("the CA rotation is not handled").
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from converge import authority
from converge.components.cert_manager.authority import CA, SUBJECT, find, signing
from converge.components.component import Access, Context, Difference
from converge.errors import NotReady
from converge.kubernetes.client import Api
from converge.kubernetes.discovery import UnknownKind
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.issuance import KIND, reissue
from converge.kubernetes.mounted import bring
from converge.kubernetes.objects import KubernetesObject, Ref


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
        return [
            Difference(str(one.ref), "", wanted=f"signed by {SUBJECT}", seen=one.fault) for one in every(self._access.api()) if one.fault
        ]

    def write(self) -> None:
        """See ``Setting.write``.

        Raises:
            NotReady: a certificate was not issued.
        """
        api = self._access.api()
        stale = [one for one in every(api) if one.fault]
        reissue(api, [one.ref for one in stale], self._deadline_s)
        for one in stale:
            bring(api, one.ref.namespace, one.secret)


def every(api: Api) -> list[Issued]:
    """Every Certificate in the cluster that has been issued, in order; none where cert-manager is not there."""
    try:
        listed = api.list(KIND)
    except (UnknownKind, ApiRefused) as refused:
        if refused.code == 404:  # its definition is not there
            return []
        raise
    secrets = {
        (secret["metadata"]["namespace"], secret["metadata"]["name"]): secret
        for secret in api.list("Secret", fields="type=kubernetes.io/tls")
    }
    ours = _chain_of(find(api)) if listed else []
    return sorted(_issued(listed, secrets, ours), key=lambda one: one.ref)


def _issued(listed: Sequence[KubernetesObject], secrets: dict[tuple[str, str], KubernetesObject], ours: Sequence[str]) -> Iterator[Issued]:
    for obj in listed:
        ref, name = Ref.of(obj), obj["spec"]["secretName"]
        issuer = obj["spec"]["issuerRef"]
        named = f"{issuer.get('kind', 'Issuer')} {issuer['name']}"
        data = (secrets.get((ref.namespace, name)) or {}).get("data") or {}
        if not data.get("tls.crt"):  # cert-manager sees that by itself
            yield Issued(ref, name, named, None)
            continue
        try:
            (leaf, *_) = authority.certificates(_text(data["tls.crt"]))
        except ValueError:
            yield Issued(ref, name, named, None, "it is no certificate")
            continue
        fault = _fault(data, ours) if ours and named == f"ClusterIssuer {CA}" else ""
        yield Issued(ref, name, named, leaf.not_valid_after_utc, fault)


def _fault(data: dict[str, str], ours: Sequence[str]) -> str:
    """``ours`` are the CA's certificates, from the one that signs to the root."""
    (leaf, *_) = authority.certificates(_text(data["tls.crt"]))
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
