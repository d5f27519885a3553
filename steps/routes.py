"""Routes: what a host name leads to through the ingress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, then, when

from converge import http, tls
from converge.acceptance import certificates, routes
from converge.acceptance.throwaway import PORT, ThrowawayPods
from converge.components.cert_manager.component import CA
from converge.components.ingress.component import NAMESPACE
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_answered, wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S

if TYPE_CHECKING:
    import requests


@when(parsers.re(r'a browser asks for "(?P<label>[^"]+)" of the domain over plain HTTP'), target_fixture="answer")
def ask_plainly(platform: Platform, inventory: Inventory, label: str) -> requests.Response:
    browser = http.session({inventory.domain_name: platform.cluster().ingress_address}, "")
    return browser.get(f"http://{inventory.host(label)}/some/page?x=1", allow_redirects=False)


@when(parsers.re(r'a browser asks for "(?P<label>[^"]+)" of the domain'), target_fixture="answer")
def ask(platform: Platform, inventory: Inventory, label: str) -> requests.Response:
    return platform.access.http.get(f"https://{inventory.host(label)}/", allow_redirects=False)


@then("it is sent to the same page over HTTPS")
def sent_to_https(answer: requests.Response) -> None:
    assert (answer.status_code, answer.headers.get("Location")) == (301, str(answer.url).replace("http://", "https://", 1))


@then(parsers.re(r'every host of "(?P<name>[^"]+)" sends plain requests to the same page over TLS'))
def hosts_send_to_https(platform: Platform, inventory: Inventory, name: str) -> None:
    browser = http.session({inventory.domain_name: platform.cluster().ingress_address}, "")
    for endpoint in platform.component(name).endpoints():
        sent_to_https(browser.get(f"http://{endpoint.host}/some/page?x=1", allow_redirects=False))


@then(parsers.re(r'every host of "(?P<name>[^"]+)" tells browsers to come back over TLS and to guess no content'))
def hosts_hardened(platform: Platform, name: str) -> None:
    for endpoint in platform.component(name).endpoints():
        answer = wait_until_answered(platform.access.http, endpoint, COMES_S)
        assert "max-age=31536000" in answer.headers.get("Strict-Transport-Security", ""), endpoint.page_url
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", endpoint.page_url


@then("it is told that there is no such page")
def no_such_page(answer: requests.Response) -> None:
    assert answer.status_code == 404


@then("the ingress says over TLS that it is healthy")
def ingress_healthy(platform: Platform, inventory: Inventory) -> None:
    assert wait_until_served(platform.access.http, f"https://{inventory.host('ingress')}/ping", COMES_S).text == "OK"


@then("the ingress counts its requests")
def ingress_counts(platform: Platform) -> None:
    page = platform.api.read(f"/api/v1/namespaces/{NAMESPACE}/services/traefik-internal:metrics/proxy/metrics")
    assert "traefik_entrypoint_requests_total" in page or "traefik_open_connections" in page


@given("a throw-away pod behind a host of the domain", target_fixture="served")
def throwaway_route(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> tuple[str, str]:
    (pod,), host = throwaway_pods.on(platform.cluster().nodes[-1].name).values(), routes.own_host(inventory, throwaway_pods, "route")
    routes.throwaway_host(throwaway_pods, "route", host, pod, PORT)
    return pod, host


@given("a throw-away pod behind a host with a certificate of its own", target_fixture="served")
def throwaway_tls_route(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> tuple[str, str]:
    (pod,), host = throwaway_pods.on(platform.cluster().nodes[-1].name).values(), routes.own_host(inventory, throwaway_pods, "tls")
    routes.throwaway_host(throwaway_pods, "tls", host, pod, PORT, issuer=CA)
    return pod, host


@then("a browser that asks for that host is answered by the pod")
def pod_served(platform: Platform, served: tuple[str, str]) -> None:
    pod, host = served
    assert wait_until_served(platform.access.http, f"https://{host}/", COMES_S).text.strip() == pod


@then("that host presents the certificate that was issued for it")
def own_certificate(platform: Platform, throwaway_pods: ThrowawayPods, served: tuple[str, str]) -> None:
    host, address = served[1], platform.cluster().ingress_address
    issued = certificates.issued(platform.api, "tls-tls", throwaway_pods.namespace, COMES_S)
    tls.wait_until_presented(address, host, issued, COMES_S)
    assert tls.names(tls.verified(address, host, platform.ca_pem())) == {host}
