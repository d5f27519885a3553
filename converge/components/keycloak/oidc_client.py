"""OIDC clients: how a component's application lets people sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.keycloak import Representation
from converge.components.keycloak.realm import issuer, realm
from converge.components.keycloak.settings import Client, Group
from converge.components.part import Owner, Part, PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.http import checked

Attributes = Mapping[str, Sequence[str]]


class PublicClient(Part):
    """A client on people's own machines, which can keep no secret, hence PKCE: ``PublicClient(self, redirect_uris=["http://localhost:8000"])``.

    ``name`` is the component's where nothing else is said; applications reach the realm at ``issuer``. ``mappers`` by name add claims
    (`settings.mapper`), every client has the scope ``groups``; ``logout_uris`` are where people may be sent after signing out, the
    redirect addresses where nothing is said; ``groups`` are those of the realm that must exist, with attributes; ``lifetime_s`` is how long
    its tokens are good for, where that is another time than the realm's.
    """

    requires = ("keycloak",)

    def __init__(
        self,
        owner: Owner,
        *,
        redirect_uris: Sequence[str],
        name: str = "",
        logout_uris: Sequence[str] = (),
        pkce: bool = True,
        mappers: Mapping[str, Representation] | None = None,
        groups: Mapping[str, Attributes] | None = None,
        lifetime_s: int | None = None,
    ) -> None:
        self.name = name or owner.name
        self.issuer = issuer(owner.inventory)
        self.redirect_uris = list(redirect_uris)
        self._groups = groups or {}
        self._wanted: Representation = {
            "clientId": self.name,
            "enabled": True,
            "protocol": "openid-connect",
            "redirectUris": self.redirect_uris,
            "webOrigins": [],
            "standardFlowEnabled": True,
            "implicitFlowEnabled": False,
            "directAccessGrantsEnabled": False,
            "serviceAccountsEnabled": False,
            "fullScopeAllowed": False,
            "attributes": {
                "pkce.code.challenge.method": "S256" if pkce else None,
                "post.logout.redirect.uris": "##".join(logout_uris) or "+",
            }
            | ({"access.token.lifespan": str(lifetime_s)} if lifetime_s else {}),
            "mappers": dict(mappers or {}),
            "scopes": {"groups": True},
        }

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        here = realm(context.inventory, access)
        return (self.setting(context, access), *(Group(here, name, attributes) for name, attributes in self._groups.items()))

    def setting(self, context: Context, access: Access) -> Client:
        """The client in the realm."""
        return Client(realm(context.inventory, access), self._wanted | {"publicClient": True})


class ConfidentialClient(PartWithSecret, PublicClient):
    """A client whose server keeps a secret: ``secret`` holds ``client-id`` and ``client-secret``; else as ``PublicClient``.

    ``pkce`` only where the application sends a challenge: Keycloak then refuses a login without one.
    """

    uses = "client of the realm"

    def __init__(self, owner: Owner, *, redirect_uris: Sequence[str], name: str = "", pkce: bool = False, **more: Any) -> None:
        super().__init__(owner, redirect_uris=redirect_uris, name=name, pkce=pkce, **more)
        self.secret = GeneratedSecret(owner.namespace, f"{self.name}-oidc", {"client-id": f"={self.name}", "client-secret": "password"})

    def setting(self, context: Context, access: Access) -> Client:
        """The client in the realm, with its secret."""
        wanted = self._wanted | {"publicClient": False, "clientAuthenticatorType": "client-secret"}
        return Client(
            realm(context.inventory, access),
            wanted,
            secret=lambda: access.secret(self.secret.namespace, self.secret.name, "client-secret"),
        )

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``: tried as the application uses it; Keycloak tells by it who may ask about tokens."""

        def accepts(values: Mapping[str, str]) -> bool:
            form = {"client_id": values["client-id"], "client_secret": values["client-secret"], "token": "none"}
            answer = access.http.post(f"{self.issuer}/protocol/openid-connect/token/introspect", data=form)
            return answer.status_code != 401 and bool(checked(answer, f"client {self.name} known to Keycloak"))

        return (Credential(self.secret, accepts),)
