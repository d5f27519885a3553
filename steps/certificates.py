"""Certificates: issuers work, hosts present what they issued, renewal renews, nonsense is refused, and strangers are not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_bdd import given, parsers, then, when

from converge import tls
from converge.acceptance import certificates
from converge.acceptance.throwaway import ThrowawayPods
from converge.components.ingress.component import CERTIFICATE, NAMESPACE
from converge.components.terms import Endpoint
from converge.engine.platform import Platform
from converge.errors import Refused
from converge.inventory import Inventory
from converge.kubernetes.failures import ApiRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

NAME = "throw-away"


@then("every issuer is ready")
def issuers_ready(platform: Platform) -> None:
    issuers = platform.api.list("ClusterIssuer.cert-manager.io")
    unready = [item["metadata"]["name"] for item in issuers if not certificates.is_ready(item)]
    assert issuers, "there is no issuer"
    assert not unready, f"not ready: {unready}"


@then("the wildcard certificate covers the domain, its hosts and its functions")
def wildcard_names(platform: Platform, inventory: Inventory) -> None:
    wildcard = tls.from_secret(platform.api.get("Secret", CERTIFICATE, NAMESPACE))
    assert tls.names(wildcard) == {inventory.domain_name, f"*.{inventory.domain_name}", f"*.kn.{inventory.domain_name}"}


@then("the wildcard certificate has an elliptic-curve P-256 key")
def wildcard_key(platform: Platform) -> None:
    wildcard = tls.from_secret(platform.api.get("Secret", CERTIFICATE, NAMESPACE))
    assert tls.key_type(wildcard) == "EC secp256r1"


@then(parsers.re(r'every host of "(?P<name>[^"]+)" presents a certificate from the platform\'s issuer'))
def hosts_certified(platform: Platform, name: str) -> None:
    for endpoint in _endpoints(platform, name):
        tls.verified(platform.cluster().ingress_address, endpoint.host, platform.ca_pem())


@then(parsers.re(r'every host of "(?P<name>[^"]+)" refuses TLS before 1\.2'))
def old_tls_refused(platform: Platform, name: str) -> None:
    for endpoint in _endpoints(platform, name):
        assert tls.refuses_before_1_2(platform.cluster().ingress_address, endpoint.host), f"{endpoint.host} speaks TLS 1.1"


def _endpoints(platform: Platform, name: str) -> Sequence[Endpoint]:
    endpoints = platform.component(name).endpoints()
    assert endpoints, f"{name} serves no host"
    return endpoints


@then("a client that trusts another CA refuses to talk to the platform")
def other_ca_refused(platform: Platform, inventory: Inventory) -> None:
    with pytest.raises(Refused, match="certificate"):
        tls.verified(platform.cluster().ingress_address, inventory.host("ingress"), certificates.another_ca())


@then(parsers.re(r'a client is not deceived when it asks the ingress for "(?P<host>[^"]+)"'))
def foreign_host_refused(platform: Platform, host: str) -> None:
    with pytest.raises(Refused, match="certificate"):
        tls.verified(platform.cluster().ingress_address, host, platform.ca_pem())


@given("a throw-away certificate", target_fixture="certificate")
def throwaway_certificate(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> Certificate:
    throwaway_pods.create(certificates.request(NAME, [inventory.host(NAME)]))
    return certificates.issued(platform.api, NAME, throwaway_pods.namespace, inventory.deadlines.component_s)


@when("the operator forces its renewal")
def force_renewal(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> None:
    certificates.renew(platform.api, NAME, throwaway_pods.namespace, inventory.deadlines.component_s)


@then("it has a new serial number and a new key")
def certificate_renewed(platform: Platform, throwaway_pods: ThrowawayPods, certificate: Certificate) -> None:
    renewed = tls.from_secret(platform.api.get("Secret", NAME, throwaway_pods.namespace))
    assert tls.serial(renewed) != tls.serial(certificate)
    assert renewed.public_key() != certificate.public_key()


@when("a developer asks for a certificate without a name", target_fixture="refusal")
def ask_for_nonsense(throwaway_pods: ThrowawayPods) -> ApiRefused:
    with pytest.raises(ApiRefused) as refusal:
        throwaway_pods.create(certificates.request("nameless", []))
    return refusal.value


@then(parsers.re(r'the request is refused because "(?P<reason>[^"]+)"'))
def refused_because(refusal: ApiRefused, reason: str) -> None:
    assert reason in str(refusal)
