"""oauth2-proxy before a host: the part that a component has when its application cannot sign people in itself.

Two ways. With an ``upstream`` it stands in the request's path: what reaches the application has passed it, so the application
should listen where nobody else comes by, such as its pod's loopback. Without one it only answers the ingress whether a
request may pass (``forwardAuth``), for what the ingress serves itself.
Source: oauth2-proxy 7.15 documentation; OpenID Connect endpoints of Keycloak 26.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converge.components.keycloak.oidc_client import ConfidentialClient, PublicClient
from converge.components.keycloak.settings import mapper
from converge.components.part import Owner, Part
from converge.components.parts.hosts import WebHost
from converge.components.parts.manifests import Manifests
from converge.components.parts.trust import CaBundle
from converge.components.terms import GeneratedSecret
from converge.components.valkey.user import ValkeyUser

REFRESH_S = 60
"""Shorter than an access token lives: whoever is disabled or signed out elsewhere is out after this time."""

ANSWERS_ONLY = "static://202"
"""An upstream that is none: whoever may pass is told so."""

LOOPBACK = "http://localhost:8000"
"""Where a program on somebody's machine listens for the end of a login."""

TOKEN_S = 3600
"""How long a person's program may go on with a token: who is disabled meanwhile is not known by it."""


class LoginProxy(Part):
    """Only members of ``groups`` pass to the component's host: ``LoginProxy(self, groups=["developers"], upstream="http://127.0.0.1:8000")``.

    It has a client in the realm, a user in Valkey, a Secret that encrypts its cookies, and the host. With ``upstream`` it is a part of
    the application's pod or of its own; where it only answers, the ingress asks `address` whether a request may pass. Without
    ``groups`` everybody passes who can sign in.

    The application finds who asks in the headers ``X-Forwarded-Preferred-Username`` and ``X-Forwarded-Groups``. Where others than the
    proxy might reach it, ``vouches`` makes a Secret, `voucher`, whose ``password`` the proxy sends along (HTTP Basic): a request
    without it was not let in by the proxy, whatever its headers say. With ``takes_tokens`` people's programs come with a token of theirs
    in place of a session; they get it as `programs`, a client that can keep no secret.
    """

    def __init__(
        self,
        owner: Owner,
        *,
        groups: Sequence[str],
        upstream: str = ANSWERS_ONLY,
        host: str = "",
        vouches: bool = False,
        takes_tokens: bool = False,
    ) -> None:
        self.name = owner.name
        self.groups = groups
        self.upstream = upstream
        self.web = WebHost(owner, host=host, port="http", sign_on="/", ends_within_s=REFRESH_S, is_framed=False)
        self.cookie = f"__Host-{owner.name}"
        """The name of the session's cookie, with which its keys in Valkey begin as well; the prefix binds it to this one host."""
        self.cookie_secret = GeneratedSecret(owner.namespace, f"{owner.name}-cookie", {"secret": "hex32"})
        self.voucher = GeneratedSecret(owner.namespace, f"{owner.name}-voucher", {"password": "password"}) if vouches else None
        self.address = f"http://{owner.name}.{owner.namespace}.svc"
        """Where the ingress asks whether a request may pass."""
        self.client = ConfidentialClient(owner, redirect_uris=[f"{self.web.url}/oauth2/callback"], pkce=True)
        self.programs = _programs(owner, self.client.name) if takes_tokens else None
        self.sessions = ValkeyUser(owner, prefix=self.cookie)
        self.ca = CaBundle(owner, name=f"{owner.name}-ca")
        self._server = Manifests(owner, images=["oauth2-proxy"], folder=Path(__file__).parent, proxy=self)

    def parts(self) -> Sequence[Part]:
        """See ``Part.parts``."""
        return self.client, *([self.programs] if self.programs else []), self.sessions, self.ca, self._server, self.web

    def secrets(self) -> Sequence[GeneratedSecret]:
        """See ``Part.secrets``: what encrypts cookies opens nothing by itself, a new one signs everybody out."""
        return (self.cookie_secret, *([self.voucher] if self.voucher else []))


def _programs(owner: Owner, audience: str) -> PublicClient:
    """With what people's programs get tokens that are good for the client ``audience``."""
    included = mapper("oidc-audience-mapper", included_client_audience=audience, id_token_claim=True, access_token_claim=True)
    return PublicClient(owner, name=f"{owner.name}-cli", redirect_uris=[LOOPBACK], mappers={"audience": included}, lifetime_s=TOKEN_S)
