"""Throw-away people and applications of the realm: made for a scenario, removed after it, never in the way of others."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from converge.apis.keycloak import if_there
from converge.components.keycloak import realm
from converge.components.keycloak.component import LOOPBACK
from converge.components.keycloak.kubernetes_login import CLIENT
from converge.components.keycloak.settings import mapper
from converge.errors import Refused, Unreachable
from converge.sso import Browser, Client, Credentials, Provider, RelyingParty, discover

if TYPE_CHECKING:
    import requests

    from converge.apis.keycloak import Realm
    from converge.components.terms import Access
    from converge.inventory import Inventory

PREFIX = "throw-away-"
KEYS = "org.keycloak.keys.KeyProvider"
ABANDONED_AFTER_S = 3600
"""Older ones were left by a run that was killed."""


@dataclass(frozen=True)
class Person:
    """Somebody with a password and a browser of their own."""

    identity: str
    credentials: Credentials
    browser: Browser

    @property
    def name(self) -> str:
        """The user name."""
        return self.credentials.username

    def with_password(self, password: str) -> Credentials:
        """What the person types when they type this instead."""
        return replace(self.credentials, password=password)


class People:
    """The realm from outside: who can be made, and where they sign in."""

    def __init__(self, inventory: Inventory, access: Access) -> None:
        self._inventory = inventory
        self._access = access
        self._is_tidy = False
        self.realm: Realm = realm.realm(inventory, access)

    @property
    def issuer(self) -> str:
        """``https://auth.thinkube.test/realms/thinkube``."""
        return realm.issuer(self._inventory)

    @cached_property
    def provider(self) -> Provider:
        """Where people sign in, as the issuer itself tells."""
        return discover(self._access.http, self.issuer)

    @property
    def http(self) -> requests.Session:
        """The way to the platform."""
        return self._access.http

    def kubernetes(self) -> RelyingParty:
        """The application that gets ID tokens for the Kubernetes API server."""
        return self.application(Client(CLIENT, LOOPBACK[0]))

    def application(self, client: Client) -> RelyingParty:
        """An application of the realm."""
        return RelyingParty(self._access.http, self.provider, client)

    def administrator(self) -> Person:
        """The person who administers the platform; shared, so never locked or changed by a scenario."""
        password = self._access.secret("keycloak", realm.PERSON_SECRET, "password")
        secret = f"keycloak/{realm.PERSON_SECRET}"
        return Person("", Credentials(self._inventory.admin_username, password, secret), Browser(self._access.http))

    @contextlib.contextmanager
    def person(self, *, groups: Sequence[str] = (), attributes: Mapping[str, Sequence[str]] | None = None) -> Iterator[Person]:
        """A new user, removed at the end."""
        self._remove_abandoned()
        name, password = f"{PREFIX}{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        identity = self.realm.admin.create_user(
            {
                "username": name,
                "enabled": True,
                "email": f"{name}@{self._inventory.domain_name}",
                "emailVerified": True,
                "firstName": "Throw",
                "lastName": "Away",
                "attributes": dict(attributes or {}),
                "groups": [f"/{group}" for group in groups],
                "credentials": [{"type": "password", "value": password}],
            },
        )
        try:
            yield Person(identity, Credentials(name, password), Browser(self._access.http))
        finally:
            if_there(self.realm.admin.delete_user, identity)

    def lengthen(self, application: RelyingParty, lifetime_s: int) -> None:
        """Let an application's next tokens last this long."""
        client = self.realm.client(application.client.client_id) or {}
        attributes = client["attributes"] | {"access.token.lifespan": str(lifetime_s)}
        self.realm.admin.update_client(client["id"], client | {"attributes": attributes})

    @contextlib.contextmanager
    def application_for_kubernetes(self, lifetime_s: int) -> Iterator[RelyingParty]:
        """An application whose ID and access tokens are for the Kubernetes API server too, and end after this time."""
        name = f"{PREFIX}{secrets.token_hex(4)}"
        audience = mapper("oidc-audience-mapper", included_client_audience=CLIENT, id_token_claim=True, access_token_claim=True)
        identity = self.realm.admin.create_client(
            {
                "clientId": name,
                "publicClient": True,
                "redirectUris": [LOOPBACK[0]],
                "attributes": {"access.token.lifespan": str(lifetime_s)},
                "protocolMappers": [{"name": "audience"} | audience],
            },
        )
        try:
            yield self.application(Client(name, LOOPBACK[0]))
        finally:
            if_there(self.realm.admin.delete_client, identity)

    @contextlib.contextmanager
    def signing_key(self) -> Iterator[str]:
        """The id of a new key that the realm signs with from now on; at the end it signs with the one before again."""
        before = self.realm.admin.get_keys()["active"]["RS256"]
        admin, name = self.realm.admin, f"{PREFIX}{secrets.token_hex(4)}"
        admin.create_component(
            {
                "name": name,
                "providerId": "rsa-generated",
                "providerType": KEYS,
                "config": {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"], "keySize": ["2048"]},
            }
        )
        try:
            active = admin.get_keys()["active"]["RS256"]
            if active == before:
                raise Refused(
                    "another key of the realm", seen="it signs with the same as before", next_command="pytest features/ -m keycloak"
                )
            yield active
        finally:
            for component in admin.get_components({"name": name, "type": KEYS}):
                if_there(admin.delete_component, component["id"])

    def _remove_abandoned(self) -> None:
        """Remove what killed runs left behind, once."""
        if self._is_tidy:
            return
        before_ms = (time.time() - ABANDONED_AFTER_S) * 1000
        for user in self.realm.users_beginning(PREFIX):
            if user["createdTimestamp"] < before_ms:
                self._remove(user)
        self._is_tidy = True

    def _remove(self, user: Mapping[str, Any]) -> None:
        try:
            if_there(self.realm.admin.delete_user, user["id"])
        except (Refused, Unreachable):
            # Keycloak answers 500 to the second of two processes that remove the same one at once; then it is gone.
            if self.realm.user(user["username"]) is not None:
                raise
