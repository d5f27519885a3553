"""oauth2-proxy before a host: the building block that a component names when its application cannot sign people in itself.

Two ways. With an ``upstream`` it stands in the request's path: what reaches the application has passed it, so the application
should listen where nobody else comes by, such as its pod's loopback. Without one it only answers the ingress whether a
request may pass (``forwardAuth``), for what the ingress serves itself.
Source: oauth2-proxy 7.15 documentation; OpenID Connect endpoints of Keycloak 26.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converge.components import manifests
from converge.components.blocks import web_host
from converge.components.component import Access, Context, Credential, GeneratedSecret, KubernetesObject, Setting
from converge.components.keycloak import oidc_client, realm
from converge.components.valkey import users
from converge.components.valkey.component import HOST as SESSIONS

IMAGE = "oauth2-proxy"
REQUIRES = ("cert-manager", "dns", "keycloak", "valkey")
"""What a component that uses one requires."""

ANSWERS_ONLY = "static://202"
"""An upstream that is none: whoever may pass is told so."""


@dataclass(frozen=True)
class LoginProxy:
    """``LoginProxy("docs", "docs", "docs.thinkube.test", groups=("developers",), upstream="http://127.0.0.1:8000")``.

    ``name`` is also that of its client in the realm and of its user in Valkey. Only members of ``groups`` pass.
    """

    name: str
    namespace: str
    host: str
    groups: Sequence[str]
    upstream: str = ANSWERS_ONLY

    @property
    def url(self) -> str:
        """``https://docs.thinkube.test``."""
        return f"https://{self.host}"

    @property
    def cookie(self) -> str:
        """The name of the session's cookie, with which its keys in Valkey begin as well; the prefix binds it to this one host."""
        return f"__Host-{self.name}"

    @property
    def address(self) -> str:
        """Where the ingress asks whether a request may pass."""
        return f"http://{self.name}.{self.namespace}.svc"

    def secrets(self) -> Sequence[GeneratedSecret]:
        """Its client's, its user's in Valkey, and the one that encrypts its cookies."""
        return (
            oidc_client.credentials(self.name, self.namespace),
            users.credentials(self.name, self.namespace),
            GeneratedSecret(self.namespace, f"{self.name}-cookie", {"secret": "hex32"}),
        )

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """Its client in the realm, and its user in Valkey."""
        here = realm.realm(context.inventory, access)
        return (
            oidc_client.confidential(here, self.name, self.namespace, access, redirect_uris=[f"{self.url}/oauth2/callback"], pkce=True),
            users.User(self.name, self.namespace, access, prefix=self.cookie),
        )

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """The proxy and its host; the namespace is the component's own."""
        proxy = manifests.render(
            Path(__file__).parent,
            proxy=self,
            image=context.image(IMAGE),
            ca_pem=context.ca_pem(),
            issuer=realm.issuer(context.inventory),
            sessions=SESSIONS,
        )
        return (*proxy, web_host(self.name, self.namespace, self.host, self.name, "http"))

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """Its client's and its user's; what encrypts cookies opens nothing by itself, a new one signs everybody out."""
        client = oidc_client.login(self.name, self.namespace, realm.issuer(context.inventory), access)
        return (client, users.login(users.credentials(self.name, self.namespace), access))
