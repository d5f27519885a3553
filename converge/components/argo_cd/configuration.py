"""What Argo CD is told of the platform, in ConfigMap ``argocd-cm``: who signs people in, and which accounts there are beside them."""

from __future__ import annotations

from typing import Any

import yaml

from converge.components.argo_cd.server import CI
from converge.components.keycloak.oidc_client import ConfidentialClient, PublicClient


def configuration(url: str, client: ConfidentialClient, programs: PublicClient, ca_pem: str) -> dict[str, str]:
    """Its keys; those that the release brings stay beside them."""
    return {
        "url": url,
        # Whoever administers does so as a person of the realm.
        "admin.enabled": "false",
        f"accounts.{CI}": "apiKey",
        "oidc.config": yaml.safe_dump(_login(client, programs, ca_pem), sort_keys=False, width=200),
    }


def _login(client: ConfidentialClient, programs: PublicClient, ca_pem: str) -> dict[str, Any]:
    leave = f"{client.issuer}/protocol/openid-connect/logout?client_id={client.name}"
    return {
        "name": "the platform login",
        "issuer": client.issuer,
        "clientID": client.name,
        "clientSecret": "$oidc.clientSecret",  # a key of Secret argocd-secret
        "cliClientID": programs.name,
        "enablePKCEAuthentication": True,
        "requestedScopes": ["openid", "profile", "email", "groups"],
        "logoutURL": leave + "&id_token_hint={{token}}&post_logout_redirect_uri={{logoutRedirectURL}}",
        "rootCA": ca_pem,
    }
