"""Keycloak's admin REST API: read, create, replace and remove what realms consist of.

Its shape is uniform (JSON representations at paths), so this client is too; what a realm or a client should be is the components' business.
Source: Keycloak 26, Admin REST API.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from converge.errors import Refused, Unreachable
from converge.http import checked, excerpt, origin
from converge.secrets import changed_there

if TYPE_CHECKING:
    import requests

Representation = dict[str, Any]
"""A Keycloak object as plain JSON data."""

SPARE_S = 10
"""A token is renewed this many seconds before it ends."""


@dataclass
class Grant:
    """A sign-in that lasts for a while."""

    token: str = ""
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_SHARED: WeakKeyDictionary[requests.Session, dict[tuple[str, str], Grant]] = WeakKeyDictionary()


class Keycloak:
    """The administrator's view of a server: ``Keycloak(http, "https://auth.thinkube.test", "admin", password)``.

    It signs in with the first request; may be used from several threads. Those that ``share`` use one sign-in for each HTTP session:
    checking a password costs a server more than all else that is asked of it.
    """

    def __init__(
        self, http: requests.Session, url: str, username: str, password: Callable[[], str], *, share: bool = False, secret: str = ""
    ) -> None:
        """``secret`` names the Secret that the password is kept in, for who has to be told that it is refused."""
        self._secret = secret
        self._http = http
        self._url = url
        self._username = username
        self._password = password
        self._grant = _SHARED.setdefault(origin(http), {}).setdefault((url, username), Grant()) if share else Grant()

    def realm(self, name: str) -> Realm:
        """A realm, which need not exist yet."""
        return Realm(self, name)

    def request(self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None) -> requests.Response:
        """One call below ``/admin/realms``; a 404 of Keycloak's own is returned, other refusals are raised.

        Raises:
            Refused: the administrator's password is wrong, or Keycloak refuses the request.
            Unreachable: it does not answer (yet).
        """
        token = self._access_token()
        answer = self._send(method, path, query, body, token)
        if answer.status_code == 401:  # a server that was set up anew knows nothing of earlier sign-ins
            answer = self._send(method, path, query, body, self._access_token(refused=token))
        if answer.status_code == 404 and "json" not in answer.headers.get("Content-Type", ""):
            raise Unreachable("Keycloak's admin API", seen="404: the ingress does not lead to it yet")
        return answer if answer.status_code == 404 else checked(answer, f"{method} {path or '/'} of Keycloak's admin API")

    def _send(self, method: str, path: str, query: Mapping[str, str] | None, body: Any, token: str) -> requests.Response:
        url, headers = f"{self._url}/admin/realms{path}", {"Authorization": f"Bearer {token}"}
        return self._http.request(method, url, params=query, json=body, headers=headers)

    def _access_token(self, refused: str = "") -> str:
        with self._grant.lock:
            if self._grant.token in ("", refused) or time.monotonic() >= self._grant.until:
                self._sign_in()
            return self._grant.token

    def _sign_in(self) -> None:
        what = f"Keycloak's administrator {self._username} signed in"
        answer = self._http.post(
            f"{self._url}/realms/master/protocol/openid-connect/token",
            data={"grant_type": "password", "client_id": "admin-cli", "username": self._username, "password": self._password()},
        )
        if answer.status_code in (400, 401):
            raise WrongAdministrator(what, seen=excerpt(answer.text), **changed_there(self._secret, "Keycloak"))
        if answer.status_code == 404:
            raise Unreachable(what, seen="404: the ingress does not lead to it yet")
        granted = checked(answer, what).json()
        self._grant.token = granted["access_token"]
        self._grant.until = time.monotonic() + granted["expires_in"] - SPARE_S


class WrongAdministrator(Refused):
    """Keycloak does not accept the administrator's credentials."""

    usual_next = "thinkube secrets restore keycloak/keycloak-admin"


class Realm:
    """What a realm consists of, by path below it: ``realm.find("clients", clientId="minio")``."""

    def __init__(self, keycloak: Keycloak, name: str) -> None:
        self.name = name
        self._keycloak = keycloak
        self._path = f"/{quote(name, safe='')}"

    def read(self, path: str = "", **query: str) -> Any:
        """The JSON at a path; None where there is nothing."""
        answer = self._keycloak.request("GET", self._below(path), query=query)
        return None if answer.status_code == 404 else answer.json()

    def find(self, path: str, *, options: Mapping[str, str] | None = None, **fields: str) -> Representation | None:
        """The one item of a list whose ``fields`` are these: Keycloak's own filters also find what is only similar."""
        items: list[Representation] = self.read(path, **fields, **(options or {})) or []
        return next((item for item in items if all(item.get(key) == value for key, value in fields.items())), None)

    def create(self, path: str, body: Representation | list[Representation]) -> str:
        """Add an item to the list at a path; its id."""
        answer = self._known(self._keycloak.request("POST", self._below(path), body=body), path)
        return str(answer.headers.get("Location", "")).rpartition("/")[2]

    def create_itself(self, body: Representation) -> None:
        """Create the realm."""
        self._keycloak.request("POST", "", body={**body, "realm": self.name})

    def replace(self, path: str, body: Any = None) -> None:
        """Write what is at a path."""
        self._known(self._keycloak.request("PUT", self._below(path), body=body), path)

    def remove(self, path: str) -> None:
        """Remove what is at a path; absent is fine."""
        self._keycloak.request("DELETE", self._below(path))

    def _below(self, path: str) -> str:
        return f"{self._path}/{path}" if path else self._path

    def _known(self, answer: requests.Response, path: str) -> requests.Response:
        return checked(answer, f"{path or 'settings'} of realm {self.name}")
