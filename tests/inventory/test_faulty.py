"""Each file in faulty/ is an inventory with faults; beside it stands, word for word, what a person is told."""

import datetime
import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from needed import needed

from converge.errors import InventoryFaults
from converge.inventory import read

FOLDER = Path(__file__).parent / "faulty"
KNOWN = {
    "control-node": needed(),
    "storage": needed("control-node"),
    "metrics": needed("control-node"),
    "cert-manager": needed("control-node"),
    "postgres": needed("storage"),
    "keycloak": needed("cert-manager", "postgres"),
    "minio": needed("cert-manager", "keycloak"),
    "mlflow": needed("keycloak", "minio", is_optional=True),
}


def authority(name: str, key: ec.EllipticCurvePrivateKey, *, until: int = 2999, ca: bool = True) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(datetime.datetime(2019, 1, 1)).not_valid_after(datetime.datetime(until, 2, 3))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
VARIABLES = {
    "CLOUDFLARE_TOKEN": "pl4nted-canary-value",
    "CA": authority("lab", KEY),
    "OLD_CA": authority("old lab", KEY, until=2020),
    "LEAF": authority("a host", OTHER, ca=False),
    "CA_KEY": pem(KEY),
    "LEAF_KEY": pem(OTHER),
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_faulty_inventory_is_explained(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(InventoryFaults) as caught:
        read(Path(path.name), components=KNOWN, variables=VARIABLES)
    told = re.sub(r"sha256 [0-9a-f]+", "sha256 …", str(caught.value).replace(str(FOLDER), "FOLDER"))
    assert told == path.with_suffix(".expected").read_text().rstrip("\n")
    assert "canary" not in told
    assert "PRIVATE KEY" not in told
    assert caught.value.exit_code == 4


def test_the_folder_holds_many_faults() -> None:
    assert len(list(FOLDER.glob("*.yaml"))) == len(list(FOLDER.glob("*.expected"))) >= 30
