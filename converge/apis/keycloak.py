"""Keycloak's admin REST API: python-keycloak knows what can be asked, this module how it is sent, as whom, and what an answer means.

``realm.admin`` is the library's own object, made with the first use: its import costs 0.1 s, which a run without Keycloak need not pay.
What the library asks more often than once, or reads and does not hand on, is asked here (docs/decisions.md says what and why).
Source: Keycloak 26, Admin REST API; python-keycloak 7.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from converge.errors import Refused, Unreachable
from converge.http import checked, excerpt, origin
from converge.kubernetes.secrets import changed_there

if TYPE_CHECKING:
    import requests
    from keycloak import KeycloakAdmin

Representation = dict[str, Any]
"""A Keycloak object as plain JSON data."""

SPARE_S = 10
"""A token is renewed this many seconds before it ends."""

LOG = "kubectl logs -n keycloak deployment/keycloak --tail=40"
"""Says why where the fault is Keycloak's own."""

ROOT = "admin/realms"
"""Where the API begins, below the server's address."""

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


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

    def request(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: str | None = None) -> requests.Response:
        """One call below the server's address, such as ``admin/realms/thinkube/users``; ``body`` is JSON.

        Raises:
            Absent: Keycloak has no such thing.
            Refused: the administrator's password is wrong, or Keycloak refuses the request.
            Unreachable: it does not answer (yet).
        """
        token = self._access_token()
        answer = self._send(method, path, query, body, token)
        if answer.status_code == 401:  # a server that was set up anew knows nothing of earlier sign-ins
            answer = self._send(method, path, query, body, self._access_token(refused=token))
        if answer.status_code == 404 and "json" not in answer.headers.get("Content-Type", ""):
            raise Unreachable("Keycloak's admin API", seen="404: the ingress does not lead to it yet")
        what = f"{method} {path.removeprefix(ROOT) or '/'} of Keycloak's admin API"
        if answer.status_code == 404:
            raise Absent(what, seen=f"404 {answer.reason}: {excerpt(answer.text)}")
        return checked(answer, what, log_command=LOG)

    def _send(self, method: str, path: str, query: Mapping[str, Any] | None, body: str | None, token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} | ({} if body is None else {"Content-Type": "application/json"})
        return self._http.request(method, f"{self._url}/{path}", params=query, data=body, headers=headers)

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
        granted = checked(answer, what, log_command=LOG).json()
        self._grant.token = granted["access_token"]
        self._grant.until = time.monotonic() + granted["expires_in"] - SPARE_S


class Visitor(Keycloak):
    """The view of whoever has an access token, which is not renewed: ``Visitor(http, "https://auth.thinkube.test", token)``."""

    def __init__(self, http: requests.Session, url: str, token: str) -> None:
        super().__init__(http, url, "", str)
        self._token = token

    def _access_token(self, refused: str = "") -> str:
        return self._token


class WrongAdministrator(Refused):
    """Keycloak does not accept the administrator's credentials."""

    usual_next = "thinkube secrets restore keycloak/keycloak-admin"


class Absent(Refused):
    """Keycloak has no such realm, or nothing of that kind and id in it."""

    usual_next = "pytest features/ -m keycloak --plan"


def if_there(call: Callable[Arguments, Answer], *arguments: Arguments.args, **options: Arguments.kwargs) -> Answer | None:
    """What a call answers, None where what it speaks of is absent: ``if_there(realm.admin.delete_user, identity)``."""
    try:
        return call(*arguments, **options)
    except Absent:
        return None


class Realm:
    """A realm: what is done in it (``admin``), and what is in it by name; None is in a realm that does not exist."""

    def __init__(self, keycloak: Keycloak, name: str) -> None:
        self.name = name
        self._keycloak = keycloak

    @cached_property
    def admin(self) -> KeycloakAdmin:
        """Everything that can be asked of this realm, as python-keycloak names it; its requests go our way, its errors are ours."""
        from keycloak import KeycloakAdmin

        from converge.apis.keycloak_connection import Connection

        return KeycloakAdmin(connection=Connection(self._keycloak.request, self.name))

    def read(self) -> Representation | None:
        """The realm itself; None where it does not exist."""
        return if_there(self.admin.get_realm, self.name)

    def client(self, client_id: str) -> Representation | None:
        """A client by the name that applications know it by.

        ``get_client_id`` of the library makes the same request and keeps only the id; reading by that would be a second one.
        """
        from keycloak.urls_patterns import URL_ADMIN_CLIENTS

        path = URL_ADMIN_CLIENTS.format(**{"realm-name": self.name})
        answer = if_there(self.admin.connection.raw_get, path, clientId=client_id)
        return _one(answer.json() if answer is not None else None, clientId=client_id)

    def client_scope(self, name: str) -> Representation | None:
        """A client scope with its mappers."""
        return if_there(self.admin.get_client_scope_by_name, name)

    def group(self, name: str) -> Representation | None:
        """A top-level group with its attributes."""
        return _one(if_there(self.admin.get_groups, {"name": name, "briefRepresentation": "false"}), name=name)

    def user(self, username: str) -> Representation | None:
        """A user."""
        return _one(if_there(self.admin.get_users, {"username": username, "exact": "true"}), username=username)

    def users_beginning(self, prefix: str) -> list[Representation]:
        """The users whose names begin so: Keycloak's own filter also finds it in the middle."""
        found: list[Representation] = if_there(self.admin.get_users, {"username": prefix}) or []
        return [user for user in found if user["username"].startswith(prefix)]


def _one(items: list[Representation] | None, **fields: str) -> Representation | None:
    """The one item whose fields are these: Keycloak's own filters also find what is only similar."""
    return next((item for item in items or () if all(item.get(key) == value for key, value in fields.items())), None)
