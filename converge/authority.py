"""A certificate authority as PEM text: made, renewed, judged and described. Where it is kept is not known here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, Name

LIFETIME = timedelta(days=3650)
SKEW = timedelta(hours=1)
"""A new authority is valid since then: clocks of machines that meet it first may be behind."""


@dataclass(frozen=True)
class Authority:
    """The certificate that signs, followed by those above it up to the root, and its private key."""

    certificate: str
    key: str = field(repr=False)


def make(name: str) -> Authority:
    """A new one that signs itself; ``name`` is its common name, cut at the 64 characters that X.509 allows."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    return _signed_by_itself(subject, ec.generate_private_key(ec.SECP256R1()))


def renewed(authority: Authority) -> Authority:
    """The same name and key, valid for another ten years: what it has signed stays valid. Only for one that `make` made."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(authority.key.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("an authority with an elliptic-curve key")
    return _signed_by_itself(certificates(authority.certificate)[0].subject, key)


def fault(authority: Authority) -> str:
    """Why it cannot sign for the platform, in words; "" where it can."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        chain = certificates(authority.certificate)
    except ValueError:
        return "the certificate is no PEM text"
    try:
        key = load_pem_private_key(authority.key.encode(), None)
    except TypeError:
        return "the key is encrypted; it has to be readable without a password"
    except ValueError:
        return "the key is no PEM text of a private key"
    signer, now = chain[0], datetime.now(UTC)
    if not _may_sign(signer):
        return f"{describe(signer)} is not a CA: it may not sign certificates"
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*spki) != signer.public_key().public_bytes(*spki):
        return f"the key does not belong to {describe(signer)}"
    for one in chain:
        if one.not_valid_after_utc < now:
            return f"{describe(one)} expired on {one.not_valid_after_utc:%Y-%m-%d}"
        if one.not_valid_before_utc > now:
            return f"{describe(one)} is not valid before {one.not_valid_before_utc:%Y-%m-%d}"
    for one, above in zip(chain, [*chain[1:], chain[-1]], strict=True):
        if not is_issued_by(one, above):
            if one is above:
                return f"{describe(one)} is no root; the certificate of its issuer has to follow it"
            return f"{describe(above)} does not follow as the issuer of {describe(one)}"
    return ""


def certificates(pem: str) -> list[Certificate]:
    """The certificates of a PEM text; ValueError where there is none."""
    from cryptography.x509 import load_pem_x509_certificates

    return load_pem_x509_certificates(pem.encode())


def root(pem: str) -> str:
    """What clients trust: the last certificate of a chain."""
    return as_pem(certificates(pem)[-1])


def as_pem(certificate: Certificate) -> str:
    """A certificate as PEM text."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether its issuer's name and the signature are this one's."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def describe(certificate: Certificate) -> str:
    """``CN=thinkube.test CA (sha256 5f1c…)``: a name alone may be that of several."""
    from cryptography.hazmat.primitives.hashes import SHA256

    return f"{certificate.subject.rfc4514_string() or 'a CA without a name'} (sha256 {certificate.fingerprint(SHA256()).hex()[:12]})"


def _may_sign(certificate: Certificate) -> bool:
    from cryptography.x509 import BasicConstraints, ExtensionNotFound, KeyUsage

    try:
        is_ca = certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except ExtensionNotFound:
        return False
    try:
        return is_ca and certificate.extensions.get_extension_for_class(KeyUsage).value.key_cert_sign
    except ExtensionNotFound:
        return is_ca


def _signed_by_itself(subject: Name, key: EllipticCurvePrivateKey) -> Authority:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    signs = {"digital_signature": True, "key_cert_sign": True, "crl_sign": True}
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime.now(UTC) - SKEW).not_valid_after(datetime.now(UTC) + LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.KeyUsage(**signs, **dict.fromkeys(others, False)), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = as_pem(builder.sign(key, hashes.SHA256()))
    return Authority(certificate, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
