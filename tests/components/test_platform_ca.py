"""The platform's CA: made once, replaced by the inventory's, and followed by every certificate that it should have signed."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from converge import authority
from converge.authority import Authority
from converge.components.cert_manager import authority as kept
from converge.components.cert_manager.authority import PlatformCa
from converge.components.cert_manager.issued import IssuedCertificates, every
from converge.errors import Refused
from converge.inventory import Inventory
from converge.kubernetes.issuance import outdated

DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "certificates.cert-manager.io"},
    "spec": {
        "group": "cert-manager.io",
        "scope": "Namespaced",
        "names": {"kind": "Certificate", "plural": "certificates"},
        "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}],
    },
}


@pytest.fixture
def access(fake_api: Any) -> Any:
    for name in ("cert-manager", "web"):
        fake_api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return SimpleNamespace(api=fake_api.client)


def leaf(signer: Authority) -> str:
    now = datetime.now(UTC)
    (issuer,) = authority.certificates(signer.certificate)
    key = load_pem_private_key(signer.key.encode(), None)
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(issuer.subject).public_key(key.public_key())  # type: ignore[arg-type]
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return authority.as_pem(builder.sign(key, hashes.SHA256()))  # type: ignore[arg-type]


def issue(fake_api: Any, name: str, signer: Authority, *, issuer: str = "thinkube-ca") -> None:
    """A Certificate and its Secret, as cert-manager leaves them."""
    spec = {"secretName": f"{name}-tls", "issuerRef": {"kind": "ClusterIssuer", "name": issuer}}
    metadata = {"name": name, "namespace": "web"}
    fake_api.put({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": metadata, "spec": spec})
    data = {"tls.crt": leaf(signer), "tls.key": "", "ca.crt": signer.certificate}
    coded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    metadata = {"name": f"{name}-tls", "namespace": "web"}
    fake_api.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": coded})


def test_it_is_made_once_and_kept(access: Any, context: Any) -> None:
    setting = PlatformCa(context(), access)
    assert [found.seen for found in setting.differences()] == ["absent"]
    setting.write()
    made = kept.signing(kept.find(access.api()) or {})
    assert not setting.differences()
    assert made
    assert authority.fault(made) == ""


@pytest.mark.parametrize("data", [{"tls.key": None}, {"tls.crt": ""}, {"tls.crt": "bm9uc2Vuc2U="}], ids=["no-key", "empty", "nonsense"])
def test_one_that_cannot_sign_any_more_is_made_anew(access: Any, context: Any, data: dict[str, str | None]) -> None:
    setting = PlatformCa(context(), access)
    setting.write()
    kept.change(access.api(), data)
    assert setting.differences()
    setting.write()
    assert not setting.differences()


def test_a_secret_of_somebody_elses_is_not_written_over(access: Any, context: Any, fake_api: Any) -> None:
    fake_api.put({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "thinkube-ca", "namespace": "cert-manager"}, "data": {}})
    with pytest.raises(Refused, match="Secret cert-manager/thinkube-ca"):
        PlatformCa(context(), access).write()


def test_the_inventory_may_name_another_one(access: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    PlatformCa(context(), access).write()
    mine = authority.make("my lab")
    monkeypatch.setenv("MY_CA", mine.certificate)
    monkeypatch.setenv("MY_KEY", mine.key)
    issuer = {"kind": "private-ca", "certificate": {"from_env": "MY_CA"}, "key": {"from_env": "MY_KEY"}}
    setting = PlatformCa(context(Inventory(issuer=issuer)), access)  # type: ignore[arg-type]
    (found,) = setting.differences()
    assert str(found.wanted).startswith("CN=my lab")
    setting.write()
    assert not setting.differences()
    assert kept.bundle(kept.find(access.api())) == mine.certificate


def test_while_one_follows_another_both_are_trusted(access: Any, context: Any) -> None:
    PlatformCa(context(), access).write()
    api, old = access.api(), kept.bundle(kept.find(access.api()))
    following = authority.make("the next one")
    kept.begin(api, following)
    assert (kept.phase(kept.find(api)), kept.bundle(kept.find(api))) == ("next", old + following.certificate)
    kept.swap(api, kept.find(api) or {})
    assert (kept.phase(kept.find(api)), kept.bundle(kept.find(api))) == ("previous", following.certificate + old)
    kept.leave(api)
    assert (kept.phase(kept.find(api)), kept.bundle(kept.find(api))) == ("", following.certificate)


def test_whatever_another_ca_signed_is_named_whoever_it_belongs_to(access: Any, context: Any, fake_api: Any) -> None:
    fake_api.put(DEFINITION)
    fake_api.learn(DEFINITION)
    PlatformCa(context(), access).write()
    ours = kept.signing(kept.find(access.api()) or {})
    assert ours
    issue(fake_api, "of-today", ours)
    issue(fake_api, "of-the-one-before", authority.make("the one before"))
    issue(fake_api, "of-another-issuer", authority.make("the one before"), issuer="acme")
    found = IssuedCertificates(context(), access).differences()
    assert [one.subject for one in found] == ["Certificate web/of-the-one-before"]
    assert found[0].seen == "signed by another CA, CN=the one before"
    assert [one.issuer for one in every(access.api())] == ["ClusterIssuer acme", "ClusterIssuer thinkube-ca", "ClusterIssuer thinkube-ca"]


def test_a_renewed_ca_is_also_the_one_beside_each_certificate(access: Any, context: Any, fake_api: Any) -> None:
    fake_api.put(DEFINITION)
    fake_api.learn(DEFINITION)
    PlatformCa(context(), access).write()
    ours = kept.signing(kept.find(access.api()) or {})
    assert ours
    issue(fake_api, "leaf", replace(ours))
    kept.put(access.api(), authority.renewed(ours))
    (found,) = IssuedCertificates(context(), access).differences()
    assert found.seen == "the CA's certificate beside it is another"


def test_a_secret_of_another_ca_is_not_adopted_by_a_certificate_that_comes_again(access: Any, context: Any, fake_api: Any) -> None:
    """The definition of Certificates was deleted with all of them, and the CA replaced before a run came by."""
    fake_api.put(DEFINITION)
    fake_api.learn(DEFINITION)
    PlatformCa(context(), access).write()
    issue(fake_api, "back", authority.make("the one before"))
    api = access.api()
    notes = {"cert-manager.io/issuer-name": "thinkube-ca", "cert-manager.io/certificate-name": "back"}
    api.patch("Secret", "back-tls", "web", {"metadata": {"annotations": notes}})
    api.delete("Certificate.cert-manager.io", "back", "web")
    setting = IssuedCertificates(context(), access)
    (found,) = setting.differences()
    assert (found.subject, found.seen) == ("Secret web/back-tls", "signed by another CA, CN=the one before")
    setting.write()
    assert not setting.differences()
    kept_secret = fake_api.find("Secret", "back-tls", "web")
    assert kept_secret["metadata"]["annotations"]["cert-manager.io/issuer-name"] != "thinkube-ca"
    assert kept_secret["data"]["tls.crt"], "nothing is taken from whoever reads it"
    kind = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate"}
    certificate = kind | {"metadata": {"name": "back", "namespace": "web"}, "spec": {"secretName": "back-tls"}}
    issue(fake_api, "other", authority.make("the one before"))
    stale = outdated(api, [certificate, certificate | {"spec": {"secretName": "other-tls"}}])
    assert [str(ref) for ref in stale] == ["Certificate web/back"], (
        "it would be called Ready by it; one without the mark is as it should be"
    )


def test_without_cert_manager_nothing_was_issued(access: Any, context: Any) -> None:
    assert not IssuedCertificates(context(), access).differences()
