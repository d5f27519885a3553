import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from converge import tls
from converge.acceptance import certificates
from converge.errors import NotReady, Refused, Unreachable


def self_signed(names: list[str], key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, x509.Certificate]]:
    """A TLS server for auth.thinkube.test, whose certificate is its own CA."""
    folder: Path = tmp_path_factory.mktemp("server")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = self_signed(["auth.thinkube.test", "*.thinkube.test"], key)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.pem").write_bytes(private + pem(certificate).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
    yield listener.getsockname()[1], certificate
    listener.close()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()


def test_a_certificate_of_the_given_ca_is_verified(server: tuple[int, x509.Certificate]) -> None:
    port, certificate = server
    assert tls.verified("127.0.0.1", "auth.thinkube.test", pem(certificate), port=port) == certificate


def test_a_certificate_of_another_ca_is_refused(server: tuple[int, x509.Certificate]) -> None:
    with pytest.raises(Refused, match="self-signed"):
        tls.verified("127.0.0.1", "auth.thinkube.test", certificates.another_ca(), port=server[0])


def test_a_certificate_for_another_name_is_refused(server: tuple[int, x509.Certificate]) -> None:
    with pytest.raises(Refused, match=r"bank\.example"):
        tls.verified("127.0.0.1", "bank.example", pem(server[1]), port=server[0])


def test_what_is_presented_can_be_looked_at_without_trust(server: tuple[int, x509.Certificate]) -> None:
    assert tls.presented("127.0.0.1", "whatever.example", port=server[0]) == server[1]


def test_nobody_there_is_unreachable_not_untrusted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        tls.verified("127.0.0.1", "auth.thinkube.test", certificates.another_ca(), port=port)


def test_waiting_for_a_certificate_ends_at_its_deadline_with_what_was_seen(server: tuple[int, x509.Certificate]) -> None:
    port, certificate = server
    tls.wait_until_presented("127.0.0.1", "auth.thinkube.test", certificate, 0, port=port)
    with pytest.raises(NotReady, match=tls.serial(certificate)):
        tls.wait_until_presented("127.0.0.1", "auth.thinkube.test", tls.from_pem(certificates.another_ca()), 0.2, port=port)


def test_names_and_kinds_of_keys_are_told(server: tuple[int, x509.Certificate]) -> None:
    assert tls.names(server[1]) == {"auth.thinkube.test", "*.thinkube.test"}
    assert tls.key_type(server[1]) == "EC secp256r1"
    assert tls.key_type(self_signed(["a.test"], rsa.generate_private_key(65537, 2048))) == "RSA 2048"


def test_a_server_of_today_refuses_yesterdays_tls(server: tuple[int, x509.Certificate]) -> None:
    assert tls.refuses_before_1_2("127.0.0.1", "auth.thinkube.test", port=server[0])


def test_a_server_that_is_not_there_refuses_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        tls.refuses_before_1_2("127.0.0.1", "auth.thinkube.test", port=port)
