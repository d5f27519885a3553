"""Keycloak's admin API as settings and scenarios use it, in the place of an HTTP session; it keeps what it was asked.

It has Keycloak's habits: mappers and group memberships by endpoints of their own, a default scope is refused a second time, passwords
are never read back, and an item that is made gets an id that only the header Location tells.
"""

from __future__ import annotations

import copy
import itertools
import json as documents
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

URL = "https://auth.thinkube.test"
PREFIX = "/admin/realms"
KINDS = {"clients": "clientId", "groups": "name", "users": "username", "client-scopes": "name"}


@dataclass(frozen=True)
class Asked:
    """One request as it reached the server: ``path`` is below the realm's, ``body`` the JSON that was sent (None where there was none)."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    realm: str


class Answer:
    """What requests' responses have and callers look at."""

    def __init__(self, status_code: int, body: Any = None, location: str = "") -> None:
        self.status_code, self.reason = status_code, HTTPStatus(status_code).phrase
        self.headers = {"Content-Type": "application/json", "Location": location}
        self.text = "" if body is None else documents.dumps(body)
        self.content = self.text.encode()

    def json(self) -> Any:
        return documents.loads(self.text)


class FakeKeycloak:
    """One realm and what it holds, at the boundary of HTTP."""

    def __init__(self) -> None:
        self.adapters: dict[str, Any] = {}
        self.itself: dict[str, Any] | None = None
        self.profile: dict[str, Any] = {"attributes": [{"name": "username"}]}
        self.items: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.defaults: set[str] = set()
        self.memberships: dict[str, set[str]] = {}
        self.passwords: dict[str, list[dict[str, Any]]] = {}
        self.now_ms = 2_000_000
        self.asked: list[Asked] = []
        self.signed_in: list[str] = []
        self._numbers = itertools.count()

    @property
    def writes(self) -> list[str]:
        """``["POST clients"]``: what was asked to be changed."""
        return [f"{one.method} {one.path}".removesuffix(" ") for one in self.asked if one.method != "GET"]

    def find(self, kind: str, name: str) -> dict[str, Any]:
        """An item itself, to be changed by hand."""
        return next(item for item in self.items[kind].values() if item[KINDS[kind]] == name)

    # --- What an HTTP session has

    def post(self, url: str, data: Mapping[str, str]) -> Answer:
        """Sign in."""
        self.signed_in.append(data["username"])
        return Answer(200, {"access_token": "one", "expires_in": 60})

    def request(
        self, method: str, url: str, *, params: Any = None, data: Any = None, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Everything else."""
        path = urlsplit(url).path.removeprefix(PREFIX).lstrip("/")
        realm, _, below = path.partition("/")
        body = documents.loads(data) if data else copy.deepcopy(json)
        query = {key: str(value) for key, value in (params or {}).items()}
        self.asked.append(Asked(method, below, query, copy.deepcopy(body), realm))
        return getattr(self, f"_{method.lower()}")(below.split("/"), query, body)  # type: ignore[no-any-return]

    def _get(self, path: list[str], query: Mapping[str, str], _: Any) -> Answer:
        match path:
            case [""]:
                return Answer(200, self.itself) if self.itself is not None else Answer(404, {"error": "Realm not found."})
            case ["users", "profile"]:
                return Answer(200, self.profile)
            case ["users", user, "groups"]:
                return Answer(200, [self.items["groups"][group] for group in self.memberships.get(user, ())])
            case ["users", user, "credentials"]:
                return Answer(200, self.passwords[user])
            case ["roles", name]:
                return Answer(200, {"id": "role", "name": name})
            case ["attack-detection", "brute-force", "users", _]:
                return Answer(200, {"numFailures": 3, "disabled": False})
            case ["default-default-client-scopes"]:
                return Answer(200, [self.items["client-scopes"][scope] for scope in self.defaults])
            case [kind]:
                wanted = query.get(KINDS[kind], "")
                return Answer(200, [item for item in self.items[kind].values() if wanted in item[KINDS[kind]]])
            case [kind, identity] if identity in self.items[kind]:
                return Answer(200, self.items[kind][identity])
        return Answer(404, {"error": "Could not find it"})

    def _post(self, path: list[str], _: Mapping[str, str], body: Any) -> Answer:
        identity = f"{next(self._numbers)}"
        match path:
            case [""]:
                self.itself = dict(body)
                return Answer(201)
            case [kind, owner, "protocol-mappers", "models"]:
                self.items[kind][owner].setdefault("protocolMappers", []).append(body | {"id": identity})
                return Answer(201)
            case ["users", _, "role-mappings", "realm"]:
                return Answer(204)
        (kind,) = path
        if any(item[KINDS[kind]] == body[KINDS[kind]] for item in self.items[kind].values()):
            return Answer(409, {"errorMessage": f"{body[KINDS[kind]]} exists already"})
        made = {key: value for key, value in body.items() if key not in ("credentials", "groups")} | {"id": identity}
        for number, item in enumerate(made.get("protocolMappers", ())):
            item["id"] = f"{identity}-{number}"
        if kind == "clients":
            made["defaultClientScopes"] = [self.items["client-scopes"][scope]["name"] for scope in self.defaults]
        if kind == "users":
            made["createdTimestamp"] = self.now_ms
            self.passwords[identity] = [{"id": "p", "type": "password", "createdDate": self.now_ms}]
            groups = self.items["groups"].values()
            self.memberships[identity] = {item["id"] for item in groups if f"/{item['name']}" in body.get("groups", ())}
        self.items[kind][identity] = made
        return Answer(201, location=f"{URL}{PREFIX}/thinkube/{kind}/{identity}")

    def _put(self, path: list[str], _: Mapping[str, str], body: Any) -> Answer:
        match path:
            case [""]:
                self.itself = (self.itself or {}) | body
            case ["users", "profile"]:
                self.profile = body
                return Answer(200, body)
            case ["users", user, "groups", group]:
                self.memberships[user].add(group)
            case ["users", user, "reset-password"]:
                self.passwords[user] = [{"id": "p", "type": "password", "createdDate": self.now_ms, "value": body["value"]}]
            case ["default-default-client-scopes", scope]:
                if scope in self.defaults:
                    return Answer(409, {"error": "Duplicate resource error"})
                self.defaults.add(scope)
            case ["clients", client, "default-client-scopes", scope]:
                self.items["clients"][client]["defaultClientScopes"].append(self.items["client-scopes"][scope]["name"])
            case [kind, owner, "protocol-mappers", "models", identity]:
                mappers = self.items[kind][owner]["protocolMappers"]
                mappers[[item["id"] for item in mappers].index(identity)] = body
            case [kind, identity] if identity in self.items[kind]:
                self.items[kind][identity] |= body
            case _:
                return Answer(404, {"error": "Could not find it"})
        return Answer(204)

    def _delete(self, path: list[str], _: Mapping[str, str], __: Any) -> Answer:
        match path:
            case ["attack-detection", "brute-force", "users", _]:
                return Answer(204)
            case [kind, owner, "protocol-mappers", "models", identity]:
                mappers = self.items[kind][owner]["protocolMappers"]
                mappers.pop([item["id"] for item in mappers].index(identity))
                return Answer(204)
            case [kind, identity] if identity in self.items[kind]:
                del self.items[kind][identity]
                return Answer(204)
            case ["users", user, "credentials", credential]:
                self.passwords[user] = [one for one in self.passwords[user] if one["id"] != credential]
                return Answer(204)
        return Answer(404, {"error": "Could not find it"})
