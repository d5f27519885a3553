from collections.abc import Callable
from typing import Any

import pytest

from converge.components.cert_manager.component import CertManager
from converge.components.terms import Context
from converge.errors import Missing
from converge.inventory import Inventory

ACME = Inventory(
    domain_name="example.org",
    issuer={"kind": "acme", "email": "ops@example.org", "cloudflare_token": {"from_env": "CLOUDFLARE_TOKEN"}},  # type: ignore[arg-type]
)


def named(objects: Any, kind: str, name: str) -> dict[str, Any]:
    (found,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found


def test_the_wildcard_covers_the_domain_its_hosts_and_its_functions(context: Callable[..., Context]) -> None:
    wildcard = named(CertManager(Inventory()).objects(context()), "Certificate", "wildcard")["spec"]
    assert wildcard["dnsNames"] == ["thinkube.test", "*.thinkube.test", "*.kn.thinkube.test"]
    assert wildcard["privateKey"] == {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


def test_the_private_ca_waits_for_nothing_in_the_cluster(context: Callable[..., Context]) -> None:
    objects = CertManager(Inventory()).objects(context())
    assert [item["metadata"]["name"] for item in objects if item["kind"] == "Certificate"] == ["wildcard"]
    assert named(objects, "ClusterIssuer", "thinkube-ca")["spec"] == {"ca": {"secretName": "thinkube-ca"}}


def test_the_private_ca_signs_the_wildcard_by_default(context: Callable[..., Context]) -> None:
    objects = CertManager(Inventory()).objects(context())
    assert named(objects, "Certificate", "wildcard")["spec"]["issuerRef"]["name"] == "thinkube-ca"
    assert not [item for item in objects if item["metadata"]["name"] == "acme"]


def test_an_acme_issuer_signs_the_wildcard_when_the_inventory_asks_for_it(context: Callable[..., Context]) -> None:
    objects = CertManager(ACME).objects(context(ACME))
    assert named(objects, "Certificate", "wildcard")["spec"]["issuerRef"]["name"] == "acme"
    issuer = named(objects, "ClusterIssuer", "acme")["spec"]["acme"]
    assert issuer["email"] == "ops@example.org"
    assert issuer["solvers"][0]["selector"] == {"dnsZones": ["example.org"]}
    arguments = named(objects, "Deployment", "cert-manager")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--dns01-recursive-nameservers-only" in arguments


def test_the_private_ca_stays_for_what_is_inside_the_cluster(context: Callable[..., Context]) -> None:
    assert named(CertManager(ACME).objects(context(ACME)), "ClusterIssuer", "thinkube-ca")


def test_the_acme_token_comes_from_where_the_inventory_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_TOKEN", "a-token")
    (secret,) = CertManager(ACME).secrets()
    assert secret.keys == {"token": "=a-token"}


def test_an_acme_token_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFLARE_TOKEN", raising=False)
    with pytest.raises(Missing, match="CLOUDFLARE_TOKEN"):
        CertManager(ACME).secrets()


def test_nobody_waits_to_be_elected_leader(context: Callable[..., Context]) -> None:
    deployments = [item for item in CertManager(Inventory()).objects(context()) if item["kind"] == "Deployment"]
    arguments = {item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]["args"] for item in deployments}
    assert not [argument for part in arguments.values() for argument in part if "leader-election" in argument]
    assert "--leader-elect=false" in arguments["cert-manager"]
    assert "--leader-elect=false" in arguments["cert-manager-cainjector"]
    assert arguments["cert-manager-webhook"] == ["--v=2"]
