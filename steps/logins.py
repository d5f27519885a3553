"""Logins: applications that cannot sign people in themselves, behind the proxy that does."""

from __future__ import annotations

import re

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance.throwaway import ThrowawayPods
from converge.components.ingress.component import NAMESPACE
from converge.components.keycloak.people import Person
from converge.components.login_proxy.session import ProxiedSession
from converge.components.terms import Endpoint
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.errors import ThinkubeError
from converge.sso import Browser, LoginRefused, LoginRequired
from converge.waiting import COMES_S


def _session(platform: Platform, name: str, browser: Browser) -> ProxiedSession:
    return ProxiedSession(platform.component(name).endpoints()[0].url, browser)


def _signing_on(platform: Platform, name: str) -> list[Endpoint]:
    places = [endpoint for endpoint in platform.component(name).endpoints() if endpoint.sign_on]
    assert places, f"{name} has no page that signs people in"
    return places


@given(parsers.re(r'the person is signed in to "(?P<name>[^"]+)"'), target_fixture="session")
@when(parsers.re(r'the person signs in to "(?P<name>[^"]+)"'), target_fixture="session")
def sign_in(platform: Platform, person: Person, name: str) -> ProxiedSession:
    session = _session(platform, name, person.browser)
    session.open(person.credentials)
    return session


@when(parsers.re(r'the person signs in to "(?P<name>[^"]+)" and signs out again'), target_fixture="session")
def sign_in_and_out(platform: Platform, person: Person, name: str) -> ProxiedSession:
    session = sign_in(platform, person, name)
    session.close()
    return session


@when(parsers.re(r'the person tries to sign in to "(?P<name>[^"]+)"'), target_fixture="refusal")
def try_to_sign_in(platform: Platform, person: Person, name: str) -> ThinkubeError:
    with pytest.raises(ThinkubeError) as refusal:
        sign_in(platform, person, name)
    return refusal.value


@then(parsers.re(r'"(?P<name>[^"]+)" lets the person see "(?P<path>[^"]+)"'))
def lets_see(platform: Platform, person: Person, name: str, path: str) -> None:
    session = _session(platform, name, person.browser)
    # Pods that have just become ready are reached a moment later.
    wait_until_served(platform.access.http, f"{session.url}{path}", COMES_S)
    # Nothing is typed: the session that the browser has must do.
    page = session.open(None, path)
    assert page.answer.headers["Content-Type"].startswith("application/json"), page.place


@then(parsers.re(r'"(?P<name>[^"]+)" opens to the person without a password'))
def opens_silently(platform: Platform, person: Person, name: str) -> None:
    for place in _signing_on(platform, name):
        page = ProxiedSession(place.url, person.browser).open(None, place.sign_on)
        assert page.url.startswith(f"{place.url}/"), page.place


@then(parsers.re(r'"(?P<name>[^"]+)" does not open to the person'))
def does_not_open(platform: Platform, person: Person, name: str) -> None:
    for place in _signing_on(platform, name):
        with pytest.raises((LoginRefused, LoginRequired)):
            ProxiedSession(place.url, person.browser).open(None, place.sign_on)


@then(parsers.re(r'no other site may show "(?P<name>[^"]+)" in a frame'))
def shown_in_no_frame(platform: Platform, person: Person, name: str) -> None:
    for place in _signing_on(platform, name):
        headers = ProxiedSession(place.url, person.browser).open(None, place.sign_on).answer.headers
        by_policy = re.search(r"frame-ancestors '(none|self)'\s*(;|$)", headers.get("Content-Security-Policy", ""))
        assert by_policy or headers.get("X-Frame-Options") in ("DENY", "SAMEORIGIN"), f"{place.url}{place.sign_on}: any site may"


@then(parsers.re(r'"(?P<name>[^"]+)" refuses the person'))
def refuses(refusal: ThinkubeError, platform: Platform, person: Person, name: str) -> None:
    assert isinstance(refusal, LoginRefused), refusal
    assert "403" in refusal.seen
    with pytest.raises((LoginRefused, LoginRequired)):
        _session(platform, name, person.browser).open(None, "/api/overview")


@then(parsers.re(r'"(?P<name>[^"]+)" asks the person for the password again'))
def asks_again(session: ProxiedSession, platform: Platform, name: str) -> None:
    assert session.url == platform.component(name).endpoints()[0].url
    with pytest.raises(LoginRequired):
        session.open(None)


@then(parsers.re(r'"(?P<name>[^"]+)" sends a stranger to the platform login'))
def stranger_sent_away(platform: Platform, name: str) -> None:
    session = _session(platform, name, Browser(platform.access.http))
    with pytest.raises(LoginRequired):
        session.open(None)
    assert platform.access.http.get(f"{session.url}/api/overview", allow_redirects=False).status_code in (302, 401)


@then("the ingress shows its dashboard to nobody in the cluster")
def no_way_around(platform: Platform, throwaway_pods: ThrowawayPods) -> None:
    node = platform.cluster().nodes[-1].name
    pod = throwaway_pods.on(node)[node]
    address = platform.api.list("Pod", NAMESPACE, labels="app=traefik")[0]["status"]["podIP"]
    for port in (8080, 9100, 8000):
        for path in ("/api/overview", "/dashboard/"):
            page = throwaway_pods.fetch(pod, address, port, path)
            assert "routers" not in page, f"port {port} answers {path}: {page[:200]}"
            assert "<title>" not in page, f"port {port} answers {path}: {page[:200]}"
