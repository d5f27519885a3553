"""Docker clients: how a registry lets people in with the platform login.

Source: Keycloak 26, "Docker Registry Configuration" of the Server Administration guide (feature ``docker``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from converge.apis.keycloak import Representation
from converge.components.keycloak.oidc_client import Attributes
from converge.components.keycloak.realm import issuer, realm
from converge.components.keycloak.settings import Client, Group, mapper
from converge.components.part import Owner, Part
from converge.components.terms import Access, Context, Setting

PROTOCOL = "docker-v2"
ATTRIBUTE = "registry"
"""The attribute of people and groups that holds what they may do in registries: ``thinkube/*:pull,push``, ``*:*``."""


class DockerClient(Part):
    """A registry as an application of the realm: ``DockerClient(self, everybody="*:pull")``.

    Tokens are given at ``tokens_url`` and signed with ``keys_url``'s keys. They hold what the person's attribute `ATTRIBUTE` grants,
    that of the person's groups, and what ``everybody`` of the realm may do. ``groups`` are those of the realm that must exist, with
    attributes: ``{"developers": {ATTRIBUTE: ["*:pull,push"]}}``.
    """

    requires = ("keycloak",)

    def __init__(self, owner: Owner, *, everybody: str, groups: Mapping[str, Attributes] | None = None) -> None:
        self.name = owner.name
        self.issuer = issuer(owner.inventory)
        self.tokens_url = f"{self.issuer}/protocol/{PROTOCOL}/auth"
        self.keys_url = f"{self.issuer}/protocol/openid-connect/certs"
        self._groups = groups or {}
        self._wanted: Representation = {
            "clientId": self.name,
            "enabled": True,
            "protocol": PROTOCOL,
            "mappers": {
                # Ours, see the image's recipe; Keycloak's own grants everything to everybody.
                "access": mapper("thinkube-registry-access", everybody=everybody) | {"protocol": PROTOCOL},
                "docker-v2-allow-all-mapper": None,
            },
        }

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        here = realm(context.inventory, access)
        return (Client(here, self._wanted), *(Group(here, name, attributes) for name, attributes in self._groups.items()))
