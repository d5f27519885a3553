"""Tokens of Argo CD's local accounts, as its server makes them: HS256 over its signature key, listed by their id.

The server issues them through its API to an administrator only. Nobody here signs in as one: there is no local administrator.
Source: Argo CD v3.2.11, util/session/sessionmanager.go (Create, Parse) and util/settings/accounts.go; RFC 7515, 7519.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

ISSUED_AT = 1767225600
"""2026-01-01, before any server that could ask: the id and the key make a token another one, not its age."""


def signed(key: str, account: str, identity: str) -> str:
    """The token of an account that never expires: ``eyJ….eyJ….…``."""
    claims = {"iss": "argocd", "sub": f"{account}:apiKey", "iat": ISSUED_AT, "nbf": ISSUED_AT, "jti": identity}
    said = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{said}.{_encoded(hmac.new(key.encode(), said.encode(), hashlib.sha256).digest())}"


def listed(identity: str) -> str:
    """What an account's list of tokens says where this is its only one."""
    return json.dumps([{"id": identity, "iat": ISSUED_AT}], separators=(",", ":"))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
