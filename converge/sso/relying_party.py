"""An application's side of a login: it begins, redeems the code, and believes only what it has verified.

Source: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 (PKCE), RFC 9207 (issuer in the callback).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from converge.errors import Refused
from converge.http import checked, excerpt
from converge.sso.browser import Browser, Credentials, LoginRefused, LoginRequired, Page, message

if TYPE_CHECKING:
    import requests

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures that a public key verifies; never "none", never a shared secret."""

LEEWAY_S = 5
"""By how much two clocks may differ; the time that a slow machine takes until a token can be looked at comes on top."""


class InvalidState(Refused):
    """The callback does not belong to the login that this browser began."""

    usual_next = "pytest features/ -m keycloak"


class InvalidToken(Refused):
    """A token that must not be believed: signature, issuer, audience, lifetime or nonce is wrong."""

    usual_next = "pytest features/ -m keycloak"


class SessionEnded(Refused):
    """The provider no longer honours what it granted: signed out, expired or revoked."""

    usual_next = "pytest features/ -m keycloak"


@dataclass(frozen=True)
class Provider:
    """An OpenID provider, as its discovery document describes it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    end_session_endpoint: str
    jwks_uri: str
    algorithms: tuple[str, ...]

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Every URL of it that browsers and applications use."""
        return (self.authorization_endpoint, self.token_endpoint, self.userinfo_endpoint, self.end_session_endpoint, self.jwks_uri)


def discover(http: requests.Session, issuer: str) -> Provider:
    """The provider behind an issuer URL.

    Raises:
        Refused: it calls itself by another name, which every relying party would refuse.
    """
    document = checked(http.get(f"{issuer}/.well-known/openid-configuration"), f"discovery document of {issuer}").json()
    if document["issuer"] != issuer:
        raise Refused(
            f"issuer {issuer}",
            seen=document["issuer"],
            cause="the provider calls itself by another name",
            next_command="pytest features/ -m keycloak",
        )
    algorithms = tuple(ALGORITHMS.intersection(document["id_token_signing_alg_values_supported"]))
    return Provider(
        issuer=issuer,
        authorization_endpoint=document["authorization_endpoint"],
        token_endpoint=document["token_endpoint"],
        userinfo_endpoint=document["userinfo_endpoint"],
        end_session_endpoint=document["end_session_endpoint"],
        jwks_uri=document["jwks_uri"],
        algorithms=algorithms,
    )


@dataclass(frozen=True)
class Client:
    """An application as the provider knows it; ``secret`` is empty for a public client."""

    client_id: str
    redirect_uri: str
    secret: str = field(default="", repr=False)
    scope: str = "openid profile email"


@dataclass(frozen=True)
class Attempt:
    """A login that has begun: where to send the browser, and what the application remembers meanwhile."""

    url: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Tokens:
    """What a login gave; ``claims`` are those of the ID token, verified."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    claims: Mapping[str, Any]


class RelyingParty:
    """The application's side of a login."""

    def __init__(self, http: requests.Session, provider: Provider, client: Client) -> None:
        self._http = http
        self.provider = provider
        self.client = client
        self._keys: Mapping[str, Any] = {}

    def begin(self, **more: str) -> Attempt:
        """Begin a login; ``more`` goes into the request, e.g. ``prompt="none"``."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = _base64url(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uri,
            "scope": self.client.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return Attempt(f"{self.provider.authorization_endpoint}?{urlencode(query | more)}", state, nonce, verifier)

    def redeem(self, attempt: Attempt, callback: Page) -> Tokens:
        """Turn the callback into tokens.

        Raises:
            InvalidState: it answers another login, or comes from another provider.
            LoginRequired, LoginRefused: the provider reports an error instead of a code.
            InvalidToken: the ID token must not be believed.
        """
        answer = callback.parameters
        if not secrets.compare_digest(answer.get("state", ""), attempt.state):
            raise InvalidState("the state that this login began with", seen="another one")
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:
            raise InvalidState(f"a callback from {self.provider.issuer}", seen=answer["iss"])
        if "error" in answer:
            kind = LoginRequired if answer["error"] in ("login_required", "interaction_required") else LoginRefused
            raise kind("an authorization code", seen=f"{answer['error']} {answer.get('error_description', '')}".strip())
        return self._tokens(
            attempt.nonce,
            grant_type="authorization_code",
            code=answer.get("code", ""),
            redirect_uri=self.client.redirect_uri,
            code_verifier=attempt.verifier,
        )

    def sign_in(self, browser: Browser, credentials: Credentials | None = None) -> Tokens:
        """The whole flow in a browser; without credentials it succeeds only where somebody is signed in."""
        attempt = self.begin()
        page = browser.visit(attempt.url, credentials, until=self.client.redirect_uri)
        if not page.url.startswith(self.client.redirect_uri):
            raise LoginRefused(f"a callback to {self.client.redirect_uri}", seen=message(page), cause=f"the browser ended at {page.place}")
        return self.redeem(attempt, page)

    def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for the same login.

        Raises:
            SessionEnded: it was signed out, expired or revoked.
        """
        return self._tokens(None, grant_type="refresh_token", refresh_token=tokens.refresh_token)

    def userinfo(self, tokens: Tokens) -> Mapping[str, Any]:
        """Who the provider says this is, now."""
        answer = self._http.get(self.provider.userinfo_endpoint, headers={"Authorization": f"Bearer {tokens.access_token}"})
        if answer.status_code == 401:
            raise SessionEnded("userinfo", seen=excerpt(answer.headers.get("WWW-Authenticate", "401")))
        claims: Mapping[str, Any] = checked(answer, "userinfo").json()
        return claims

    def sign_out(self, browser: Browser, tokens: Tokens) -> Page:
        """End the session at the provider, as a "sign out" button does."""
        query = {"id_token_hint": tokens.id_token, "client_id": self.client.client_id}
        page = browser.visit(f"{self.provider.end_session_endpoint}?{urlencode(query)}")
        checked(page.answer, "sign out")
        return page

    def verify(self, id_token: str, *, nonce: str | None = None, asked_at: float | None = None) -> Mapping[str, Any]:
        """The claims of an ID token whose signature, issuer, audience, lifetime (and nonce, where given) are right.

        It has to be valid now, or when it was asked for (``asked_at``, by `time.monotonic`): one that lasts a moment may end on its way.

        Raises:
            InvalidToken: any of them is not; ``seen`` says which.
        """
        import jwt

        wanted = f"an ID token of {self.provider.issuer} for {self.client.client_id}"
        try:
            key = self._key(id_token)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=list(self.provider.algorithms),
                audience=self.client.client_id,
                issuer=self.provider.issuer,
                leeway=LEEWAY_S + (0.0 if asked_at is None else time.monotonic() - asked_at),
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(wanted, seen=str(error)) from error
        if nonce is not None and not secrets.compare_digest(str(claims.get("nonce", "")), nonce):
            raise InvalidToken(wanted, seen="the nonce of another login")
        if claims.get("azp", self.client.client_id) != self.client.client_id:
            raise InvalidToken(wanted, seen=f"a token for {claims['azp']}")
        return claims

    def _key(self, id_token: str) -> Any:
        import jwt

        identity = jwt.get_unverified_header(id_token).get("kid", "")
        if identity not in self._keys:
            document = checked(self._http.get(self.provider.jwks_uri), f"keys of {self.provider.issuer}").json()
            self._keys = {key.key_id or "": key for key in jwt.PyJWKSet.from_dict(document).keys}
        if identity not in self._keys:
            raise jwt.InvalidKeyError(f"signed with the unknown key {excerpt(str(identity))}")
        return self._keys[identity]

    def _grant(self, **fields: str) -> Mapping[str, str]:
        authentication = {"client_id": self.client.client_id} | ({"client_secret": self.client.secret} if self.client.secret else {})
        answer = self._http.post(self.provider.token_endpoint, data=authentication | fields)
        if answer.status_code == 400 and answer.json().get("error") == "invalid_grant":
            raise SessionEnded(f"tokens for {self.client.client_id}", seen=excerpt(answer.json().get("error_description", "invalid_grant")))
        granted: Mapping[str, str] = checked(answer, f"tokens for {self.client.client_id}").json()
        return granted

    def _tokens(self, nonce: str | None, **fields: str) -> Tokens:
        asked_at = time.monotonic()
        granted = self._grant(**fields)
        claims = self.verify(granted["id_token"], nonce=nonce, asked_at=asked_at)
        half = hashlib.sha256(granted["access_token"].encode()).digest()[:16]
        if claims.get("at_hash", _base64url(half)) != _base64url(half):
            raise InvalidToken("an access token that belongs to the ID token", seen="at_hash of another one")
        return Tokens(granted["id_token"], granted["access_token"], granted.get("refresh_token", ""), claims)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
