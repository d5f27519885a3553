"""A login succeeds only as the standards say: state, nonce, PKCE, signature, issuer, audience and lifetime are all looked at."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPMessage
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from converge import sso
from converge.sso.tampering import tampered

ISSUER = "https://auth.thinkube.test/realms/thinkube"
CALLBACK = "http://localhost:8000"
PASSWORD = "correct horse"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeProvider(BaseAdapter):
    """A provider in memory; ``says`` overrides claims of the ID token, ``calls_itself`` its issuer."""

    def __init__(self) -> None:
        super().__init__()
        self.calls_itself = ISSUER
        self.says: dict[str, Any] = {}
        self.signs_with: Any = KEY
        self.error = "Invalid username or password."
        self.codes: dict[str, dict[str, str]] = {}
        self.signed_in = False
        self.key_reads = 0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        form = dict(parse_qsl(url.query)) | dict(parse_qsl(str(request.body or "")))
        page = url.path.removeprefix("/realms/thinkube/")
        return getattr(self, "page_" + page.replace(".well-known/", "").replace("-", "_"))(request, form)

    def page_openid_configuration(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        endpoints = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint", "jwks_uri")
        document = {name: f"{ISSUER}/{name.partition('_')[0]}" for name in endpoints} | {"issuer": self.calls_itself}
        return self.answer(request, json=document | {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]})

    def page_jwks(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        self.key_reads += 1
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one", "use": "sig", "alg": "RS256"}
        return self.answer(request, json={"keys": [key]})

    def page_authorization(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        if form.get("code_challenge_method") != "S256":
            return self.back(request, form, error="invalid_request")
        if self.signed_in:
            return self.grant(request, form)
        if form.get("prompt") == "none":
            return self.back(request, form, error="login_required")
        return self.login_form(request, urlencode(form))

    def page_submit(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        if form["password"] != PASSWORD:
            return self.login_form(request, urlsplit(request.url).query, f'<span id="input-error">{self.error}</span>')
        assert form["hidden"] == "kept"
        self.signed_in = True
        return self.grant(request, form)

    def page_token(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        if form["grant_type"] == "refresh_token":
            known = {"nonce": ""} if self.signed_in else None
        else:
            known = self.codes.pop(form["code"], None)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            assert known is None or known["code_challenge"] == challenge
        if known is None:
            return self.answer(request, 400, json={"error": "invalid_grant", "error_description": "Code not valid"})
        now = time.time()
        claims = {"iss": ISSUER, "sub": "1", "aud": "app", "iat": now, "exp": now + 60, "nonce": known["nonce"]} | self.says
        token = jwt.encode(claims, self.signs_with, algorithm="RS256", headers={"kid": "one"})
        return self.answer(request, json={"id_token": token, "access_token": "access", "refresh_token": "refresh"})

    def page_userinfo(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        return self.answer(request, json={"sub": "1"}) if self.signed_in else self.answer(request, 401)

    def page_end(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        assert form["id_token_hint"]
        self.signed_in = False
        return self.answer(request, text="<title>You are logged out</title>")

    def login_form(self, request: Any, query: str, message: str = "") -> requests.Response:
        fields = '<input name="hidden" value="kept"><input name="username"><input name="password" type="password">'
        return self.answer(request, text=f'{message}<form action="{ISSUER}/submit?{query.replace("&", "&amp;")}">{fields}</form>')

    def grant(self, request: Any, form: Mapping[str, str]) -> requests.Response:
        code = f"code-{len(self.codes)}"
        self.codes[code] = dict(form)
        return self.back(request, form, code=code)

    def back(self, request: Any, form: Mapping[str, str], **query: str) -> requests.Response:
        location = f"{form['redirect_uri']}?{urlencode(query | {'state': form['state'], 'iss': ISSUER})}"
        return self.answer(request, 302, location=location)

    def answer(self, request: Any, status: int = 200, *, text: str = "", json: Any = None, location: str = "") -> requests.Response:
        body = requests.compat.json.dumps(json) if json is not None else text
        made = requests.Response()
        made.status_code, made.request, made.url = status, request, request.url
        made.headers["Content-Type"] = "application/json" if json is not None else "text/html"
        if location:
            made.headers["Location"] = location
        made.raw = HTTPResponse(body=io.BytesIO(body.encode()), preload_content=False, original_response=NoCookies())
        made._content = body.encode()
        return made

    def close(self) -> None:
        """Nothing is open."""


class NoCookies:
    msg = HTTPMessage()


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def http(provider: FakeProvider) -> requests.Session:
    session = requests.Session()
    session.mount("https://", provider)
    return session


@pytest.fixture
def application(http: requests.Session) -> sso.RelyingParty:
    return sso.RelyingParty(http, sso.discover(http, ISSUER), sso.Client("app", CALLBACK))


@pytest.fixture
def browser(http: requests.Session) -> sso.Browser:
    return sso.Browser(http)


GOOD = sso.Credentials("alice", PASSWORD)


def test_a_login_gives_tokens_whose_claims_are_verified(application, browser) -> None:
    assert application.sign_in(browser, GOOD).claims["sub"] == "1"


def test_a_second_application_asks_for_no_password(application, browser) -> None:
    application.sign_in(browser, GOOD)
    assert application.sign_in(browser).claims["sub"] == "1"


def test_without_credentials_a_login_form_is_an_end(application, browser) -> None:
    with pytest.raises(sso.LoginRequired):
        application.sign_in(browser)


def test_prompt_none_says_that_nobody_is_signed_in(application, browser) -> None:
    attempt = application.begin(prompt="none")
    with pytest.raises(sso.LoginRequired):
        application.redeem(attempt, browser.visit(attempt.url, until=CALLBACK))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Invalid username or password.", sso.WrongPassword),
        ("Account is disabled, contact your administrator.", sso.AccountDisabled),
        ("Something else.", sso.LoginRefused),
    ],
    ids=["wrong-password", "disabled", "other"],
)
def test_what_the_login_page_says_becomes_a_typed_refusal(provider, application, browser, message, kind) -> None:
    provider.error = message
    with pytest.raises(sso.LoginRefused) as refused:
        application.sign_in(browser, sso.Credentials("alice", "wrong"))
    assert type(refused.value) is kind
    assert refused.value.seen == message


def test_a_refused_password_that_a_secret_holds_is_told_with_the_ways_back(provider, application, browser) -> None:
    provider.error = "Invalid username or password."
    with pytest.raises(sso.WrongPassword) as refused:
        application.sign_in(browser, sso.Credentials("alice", "wrong", "keycloak/realm-admin"))
    assert "somebody changed it there" in refused.value.cause
    assert "thinkube secrets set keycloak/realm-admin" in refused.value.next_command
    assert "thinkube secrets restore keycloak/realm-admin" in refused.value.next_command


def test_the_answer_to_another_login_is_refused(application, browser) -> None:
    begun, other = application.begin(), application.begin()
    callback = browser.visit(other.url, GOOD, until=CALLBACK)
    with pytest.raises(sso.InvalidState):
        application.redeem(begun, callback)


def test_a_callback_of_another_provider_is_refused(application, browser) -> None:
    attempt = application.begin()
    callback = browser.visit(attempt.url, GOOD, until=CALLBACK)
    mixed = replace(callback, url=callback.url.replace("auth.thinkube", "evil.thinkube"))
    with pytest.raises(sso.InvalidState):
        application.redeem(attempt, mixed)


def test_a_code_is_redeemed_once(application, browser) -> None:
    attempt = application.begin()
    callback = browser.visit(attempt.url, GOOD, until=CALLBACK)
    application.redeem(attempt, callback)
    with pytest.raises(sso.SessionEnded, match="tokens for app"):
        application.redeem(attempt, callback)


@pytest.mark.parametrize(
    ("claims", "seen"),
    [
        ({"iss": "https://evil.test"}, "issuer"),
        ({"aud": "other"}, "Audience"),
        ({"exp": 1}, "expired"),
        ({"nonce": "another"}, "nonce"),
        ({"azp": "other"}, "a token for other"),
        ({"at_hash": "x"}, "at_hash"),
        ({"iat": 9e12}, "not yet valid"),
    ],
    ids=["issuer", "audience", "lifetime", "nonce", "authorized-party", "access-token", "issued-in-the-future"],
)
def test_an_id_token_with_a_wrong_claim_is_not_believed(provider, application, browser, claims, seen) -> None:
    provider.says = claims
    with pytest.raises(sso.InvalidToken) as refused:
        application.sign_in(browser, GOOD)
    assert seen in refused.value.seen


def test_a_token_that_ended_on_its_way_to_a_slow_machine_is_believed_and_no_longer(provider, application, browser, monkeypatch) -> None:
    attempt = application.begin()
    callback = browser.visit(attempt.url, GOOD, until=CALLBACK)
    provider.says = {"exp": time.time() - 20}
    times = iter([100.0, 3700.0])  # by the clock of the fake: whatever this machine takes is little beside it
    monkeypatch.setattr("converge.sso.relying_party.time", SimpleNamespace(monotonic=lambda: next(times)))
    tokens = application.redeem(attempt, callback)
    with pytest.raises(sso.InvalidToken, match="ID token"):
        application.verify(tokens.id_token)


def test_a_signature_of_a_stranger_is_not_believed(provider, application, browser) -> None:
    provider.signs_with = STRANGER
    with pytest.raises(sso.InvalidToken, match="ID token"):
        application.sign_in(browser, GOOD)


def test_a_changed_token_is_not_believed(application, browser) -> None:
    token = application.sign_in(browser, GOOD).id_token
    with pytest.raises(sso.InvalidToken):
        application.verify(tampered(token, sub="2"))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_tokens_that_no_public_key_verifies_are_not_believed(application, algorithm) -> None:
    key = None if algorithm == "none" else "x" * 64
    token = jwt.encode({"iss": ISSUER, "aud": "app"}, key, algorithm=algorithm, headers={"kid": "one"})
    with pytest.raises(sso.InvalidToken):
        application.verify(token)


@pytest.mark.parametrize("token", ["", "a.b.c", "rubbish"], ids=["empty", "undecodable", "no-token"])
def test_rubbish_is_not_believed(application, token) -> None:
    with pytest.raises(sso.InvalidToken):
        application.verify(token)


def test_keys_are_read_once_and_again_for_an_unknown_one(provider, application, browser) -> None:
    application.sign_in(browser, GOOD)
    application.sign_in(browser)
    assert provider.key_reads == 1
    with pytest.raises(sso.InvalidToken, match="ID token"):
        application.verify(jwt.encode({"sub": "1"}, KEY, algorithm="RS256", headers={"kid": "two"}))
    assert provider.key_reads == 2


def test_signing_out_ends_everything(application, browser) -> None:
    tokens = application.refresh(application.sign_in(browser, GOOD))
    assert application.userinfo(tokens) == {"sub": "1"}
    application.sign_out(browser, tokens)
    for use in (application.refresh, application.userinfo):
        with pytest.raises(sso.SessionEnded):
            use(tokens)


def test_a_provider_under_another_name_is_refused(provider, http) -> None:
    provider.calls_itself = "https://auth.thinkube.test/auth/realms/thinkube"
    with pytest.raises(Exception, match="issuer https"):
        sso.discover(http, ISSUER)


def test_secrets_do_not_show(application, browser) -> None:
    tokens = application.sign_in(browser, GOOD)
    shown = repr((GOOD, tokens, application.begin(), sso.Client("app", CALLBACK, "client-secret")))
    for secret in (PASSWORD, tokens.id_token, tokens.refresh_token, "client-secret"):
        assert secret not in shown
