"""How long certificates still live, and which of them a start renews."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from converge.inventory.model import EmbeddedNodes, Inventory
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machine import machines
from converge.nodes.kubeadm import configuration, expiry, serving
from converge.nodes.kubeadm.expiry import Certificate

NOW = datetime(2030, 1, 1, tzinfo=UTC)
YEARS_10 = timedelta(days=3650)


def pem(until):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(until)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), private


@pytest.mark.parametrize("until", [datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2056, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_the_end_of_a_certificate_is_read_in_both_spellings(until):
    assert expiry.ends(pem(until)[0].decode()) == until


@pytest.mark.parametrize(
    ("left", "ca_left", "is_due"),
    [
        pytest.param(timedelta(days=1300), YEARS_10, False, id="more-than-a-third"),
        pytest.param(timedelta(days=1200), YEARS_10, True, id="less-than-a-third"),
        pytest.param(-timedelta(days=1), YEARS_10, True, id="expired"),
        pytest.param(timedelta(days=100), timedelta(days=100), False, id="its-authority-ends-with-it"),
    ],
)
def test_what_has_less_than_a_third_left_is_renewed_where_that_gains_something(left, ca_left, is_due):
    assert Certificate("a", NOW + left).is_due(YEARS_10, NOW + ca_left, NOW) is is_due


def test_serving_certificates_are_kept_until_they_are_wanted_anew(tmp_path):
    layout = Layout.of(Inventory(name="one", nodes=EmbeddedNodes()), tmp_path)
    control, node = layout.nodes
    there = machines(layout, None)
    for path, data in zip(serving.CA, pem(datetime.now(UTC) + YEARS_10 * 3), strict=True):
        there[control.name].write(path, data.decode())
    signed = [there[control.name], there[node.name], node]
    assert expiry.serving(there) == []
    serving.sign(*signed, timedelta(days=7))
    first = there[node.name].read(serving.CERTIFICATE)
    (found,) = expiry.serving(there)
    assert timedelta(days=6) < found.ends - datetime.now(UTC) <= timedelta(days=7)
    serving.sign(*signed, YEARS_10)
    assert there[node.name].read(serving.CERTIFICATE) == first
    serving.sign(*signed, YEARS_10, anew=True)
    (found,) = expiry.serving(there)
    assert found.ends - datetime.now(UTC) > timedelta(days=3649)


def test_only_other_lives_than_the_usual_are_told_to_the_controller_manager(tmp_path):
    layout = Layout.of(Inventory(name="one", nodes=EmbeddedNodes()), tmp_path)
    usual, short = (configuration.cluster(one) for one in (layout, replace(layout, certificates=timedelta(minutes=4))))
    arguments = [{one["name"]: one["value"] for one in document["controllerManager"]["extraArgs"]} for document in (usual, short)]
    assert [one.get("cluster-signing-duration") for one in arguments] == [None, "240s"]
    assert short["certificateValidityPeriod"] == "240s"
