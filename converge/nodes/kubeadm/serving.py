"""Certificates of the kubelets' own ports, signed by the cluster's CA: whoever reads metrics or logs can verify them."""

from __future__ import annotations

import datetime
import ipaddress

from converge.nodes.kubeadm.configuration import SERVING
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.plan import Member

CA = ("/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/ca.key")
CERTIFICATE, KEY = f"{SERVING}.crt", f"{SERVING}.key"


def sign(control: Machine, machine: Machine, node: Member, lasts: datetime.timedelta, *, anew: bool = False) -> None:
    """Write ``serving.crt`` and ``serving.key`` of a node where they are missing, or ``anew``.

    The CA is the control node's. A kubelet that runs reads them again.
    """
    if not anew and len(machine.read(CERTIFICATE, KEY)) == 2:
        return
    files = control.read(*CA)
    certificate, key = _signed(files[CA[0]].encode(), files[CA[1]].encode(), node, lasts)
    machine.write(KEY, key, mode=0o600)
    machine.write(CERTIFICATE, certificate, mode=0o600)


def _signed(ca_pem: bytes, ca_key_pem: bytes, node: Member, lasts: datetime.timedelta) -> tuple[str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    ca = x509.load_pem_x509_certificate(ca_pem)
    ca_key = serialization.load_pem_private_key(ca_key_pem, None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError("kubeadm was told to use ECDSA keys")
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(
            x509.Name(
                [
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:nodes"),
                    x509.NameAttribute(NameOID.COMMON_NAME, f"system:node:{node.name}"),
                ]
            )
        )
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(min(now + lasts, ca.not_valid_after_utc))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(node.name), x509.IPAddress(ipaddress.ip_address(node.address))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_encipherment=False,
                content_commitment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
