"""A certificate authority: what it is when it is made, and in which words one is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from converge import authority
from converge.authority import Authority


def signed(name: str, issuer: str, signer: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, **how: object) -> str:
    """A certificate as PEM text; ``how``: ``ca``, ``since`` and ``until`` in days from now."""
    now = datetime.now(UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now + timedelta(days=float(str(how.get("since", -1)))))
    builder = builder.not_valid_after(now + timedelta(days=float(str(how.get("until", 100)))))
    builder = builder.add_extension(x509.BasicConstraints(ca=bool(how.get("ca", True)), path_length=None), critical=True)
    return authority.as_pem(builder.sign(signer, hashes.SHA256()))


def pem(key: ec.EllipticCurvePrivateKey, password: bytes = b"") -> str:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode()


ROOT, MIDDLE = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
root = signed("a root", "a root", ROOT, ROOT)
middle = signed("in the middle", "a root", ROOT, MIDDLE)


def test_a_new_one_can_sign_for_ten_years_and_shows_no_key() -> None:
    made = authority.make("thinkube.test CA")
    (certificate,) = authority.certificates(made.certificate)
    assert authority.fault(made) == ""
    assert certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(days=3600)
    assert "KEY" not in repr(made)


def test_what_it_signed_stays_valid_when_it_is_renewed() -> None:
    made = authority.make("thinkube.test CA")
    again = authority.renewed(made)
    (before,), (after,) = map(authority.certificates, (made.certificate, again.certificate))
    assert authority.is_issued_by(before, after)
    assert before.serial_number != after.serial_number
    (namesake,) = authority.certificates(authority.make("thinkube.test CA").certificate)
    assert not authority.is_issued_by(before, namesake)


def test_one_below_a_root_can_sign_and_the_root_is_what_is_trusted() -> None:
    assert authority.fault(Authority(middle + root, pem(MIDDLE))) == ""
    assert authority.root(middle + root) == root


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        pytest.param("nonsense", pem(ROOT), "the certificate is no PEM text", id="no-certificate"),
        pytest.param(root, "nonsense", "the key is no PEM text of a private key", id="no-key"),
        pytest.param(root, pem(ROOT, b"password"), "the key is encrypted", id="locked-key"),
        pytest.param(root, pem(MIDDLE), "the key does not belong to CN=a root (sha256 ", id="other-key"),
        pytest.param(signed("a leaf", "a leaf", ROOT, ROOT, ca=False), pem(ROOT), "CN=a leaf (sha256 ", id="no-ca"),
        pytest.param(signed("old", "old", ROOT, ROOT, since=-9, until=-1), pem(ROOT), "expired on ", id="expired"),
        pytest.param(signed("new", "new", ROOT, ROOT, since=1), pem(ROOT), "is not valid before ", id="not-yet"),
        pytest.param(middle, pem(MIDDLE), "is no root; the certificate of its issuer has to follow it", id="no-root"),
        pytest.param(middle + signed("x", "x", MIDDLE, MIDDLE), pem(MIDDLE), "does not follow as the issuer of", id="other-root"),
    ],
)
def test_one_that_cannot_sign_is_refused_in_words(certificate: str, key: str, words: str) -> None:
    fault = authority.fault(Authority(certificate, key))
    assert words in fault
    assert "PRIVATE" not in fault
