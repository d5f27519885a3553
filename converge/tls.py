"""Certificates as a client meets them: read what a server presents, and verify it with one CA and nothing else."""

from __future__ import annotations

import base64
import socket
import ssl
import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from converge.errors import NotReady, Refused, Unreachable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

HANDSHAKE_TIMEOUT_S = 5.0


def presented(address: str, host: str, *, port: int = 443) -> Certificate:
    """The certificate that a server shows for a name, whoever signed it: only to look at, nothing is sent to that server.

    Raises:
        Unreachable: nobody answered.
    """
    look_only = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the default context would read the machine's CAs, 30 ms a look
    look_only.check_hostname = False
    look_only.verify_mode = ssl.CERT_NONE
    return _certificate(_handshake(address, host, port, look_only))


def verified(address: str, host: str, ca_pem: str, *, port: int = 443) -> Certificate:
    """The certificate that a server presents, verified for ``host`` with ``ca_pem`` only: the machine's own CAs are not trusted.

    Raises:
        Refused: it is not valid for that name, or another CA signed it.
        Unreachable: nobody answered.
    """
    try:
        return _certificate(_handshake(address, host, port, ssl.create_default_context(cadata=ca_pem)))
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            f"a certificate for {host} from the given CA",
            seen=error.verify_message or str(error),
            next_command="pytest features/ -m cert-manager",
        ) from error


def wait_until_presented(address: str, host: str, wanted: Certificate, deadline_s: float, *, port: int = 443) -> None:
    """Wait until a server presents just this certificate; a server tells nobody when it changes, so it is asked, ten times a second.

    Raises:
        NotReady: it still presents another one at the deadline.
    """
    end = time.monotonic() + deadline_s
    while (seen := serial(presented(address, host, port=port))) != serial(wanted):
        if time.monotonic() > end:
            raise NotReady(f"{host} presenting certificate {serial(wanted)}", seen=seen)
        time.sleep(0.1)


def refuses_before_1_2(address: str, host: str, *, port: int = 443) -> bool:
    """Whether a server tells a client that speaks nothing newer than TLS 1.1 that it does not.

    Raises:
        Unreachable: nobody answered, or the handshake ended for another reason.
    """
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False  # there is no certificate to look at where the version is refused
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")  # or this side would refuse by itself
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        _handshake(address, host, port, old)
    except Unreachable as error:
        if isinstance(error.__cause__, ssl.SSLError) and "_ALERT_" in (error.__cause__.reason or ""):  # the server's own word
            return True
        raise
    return False


def serial(certificate: Certificate) -> str:
    """The serial number as people compare it: ``5f1c…`` in hexadecimal."""
    return f"{certificate.serial_number:x}"


def from_pem(pem: str | bytes) -> Certificate:
    """The first certificate of a PEM text."""
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(pem.encode() if isinstance(pem, str) else pem)


def from_secret(secret: Mapping[str, Any], key: str = "tls.crt") -> Certificate:
    """The certificate in a Kubernetes Secret of type ``kubernetes.io/tls``."""
    return from_pem(base64.b64decode(secret["data"][key]))


def names(certificate: Certificate) -> set[str]:
    """The DNS names that it is valid for: ``{"thinkube.test", "*.thinkube.test"}``."""
    from cryptography.x509 import DNSName, SubjectAlternativeName

    return set(certificate.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName))


def key_type(certificate: Certificate) -> str:
    """The kind of its public key: ``EC secp256r1``, ``RSA 2048``."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    key = certificate.public_key()
    if isinstance(key, EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return f"{type(key).__name__.removesuffix('PublicKey').strip('_')} {getattr(key, 'key_size', '')}".strip()


def _handshake(address: str, host: str, port: int, context: ssl.SSLContext) -> bytes:
    try:
        with (
            socket.create_connection((address, port), timeout=HANDSHAKE_TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            return secured.getpeercert(binary_form=True) or b""
    except ssl.SSLCertVerificationError:
        raise
    except OSError as error:
        raise Unreachable(f"a TLS handshake with {host} at {address}:{port}", seen=str(error)) from error


def _certificate(der: bytes) -> Certificate:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(der)
