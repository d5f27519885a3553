"""An OIDC client for an application: the building block that a component names to let people sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.keycloak import Realm, Representation
from converge.components.component import Access, Credential, GeneratedSecret
from converge.components.keycloak.settings import Client
from converge.http import checked


def credentials(client_id: str, namespace: str) -> GeneratedSecret:
    """The Secret ``<client>-oidc`` in the application's namespace: ``client-id`` and a generated ``client-secret``."""
    return GeneratedSecret(namespace, f"{client_id}-oidc", {"client-id": f"={client_id}", "client-secret": "password"})


def login(client_id: str, namespace: str, issuer: str, access: Access) -> Credential:
    """A client's secret, as its application uses it; Keycloak tells by it who may ask about tokens."""

    def accepts(values: Mapping[str, str]) -> bool:
        form = {"client_id": values["client-id"], "client_secret": values["client-secret"], "token": "none"}
        answer = access.http.post(f"{issuer}/protocol/openid-connect/token/introspect", data=form)
        return answer.status_code != 401 and bool(checked(answer, f"client {client_id} known to Keycloak"))

    return Credential(credentials(client_id, namespace), accepts)


def confidential(
    here: Realm, client_id: str, namespace: str, access: Access, *, redirect_uris: Sequence[str], pkce: bool = False, **more: Any
) -> Client:
    """A client whose server keeps a secret, see ``credentials``; ``more`` as for ``public``.

    ``pkce`` only where the application sends a challenge: Keycloak then refuses a login without one.
    """
    kept = credentials(client_id, namespace)
    wanted = _wanted(client_id, redirect_uris, pkce=pkce, **more) | {"publicClient": False, "clientAuthenticatorType": "client-secret"}
    return Client(here, wanted, secret=lambda: access.secret(kept.namespace, kept.name, "client-secret"))


def public(here: Realm, client_id: str, *, redirect_uris: Sequence[str], **more: Any) -> Client:
    """A client on people's own machines, which can keep no secret: PKCE is required.

    ``mappers`` by name add claims; every client has the scope ``groups``.
    """
    return Client(here, _wanted(client_id, redirect_uris, pkce=True, **more) | {"publicClient": True})


def _wanted(
    client_id: str, redirect_uris: Sequence[str], *, pkce: bool, mappers: Mapping[str, Representation] | None = None
) -> Representation:
    return {
        "clientId": client_id,
        "enabled": True,
        "protocol": "openid-connect",
        "redirectUris": list(redirect_uris),
        "webOrigins": [],
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "attributes": {"pkce.code.challenge.method": "S256" if pkce else None, "post.logout.redirect.uris": "+"},
        "mappers": dict(mappers or {}),
        "scopes": {"groups": True},
    }
