"""python-keycloak's connection, over the session that everything else here uses.

The library would open connections of its own: past the platform's resolver and CA, with a token that threads cannot share, repeating a
POST that broke on its way, and calling every failure "Can't connect to server". Only its four ways to send are given here; what
else its connection does (sign in, renew, asynchronous calls) is neither set up nor asked for.
Importing this module imports the library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keycloak import KeycloakOpenIDConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests


class Connection(KeycloakOpenIDConnection):
    """What ``KeycloakAdmin`` sends with; ``KeycloakAdmin(connection=Connection(keycloak.request, "thinkube"))``."""

    def __init__(self, request: Callable[..., requests.Response], realm: str) -> None:
        """Nothing of the library's own is set up: a session, an asynchronous one and their trust would take 0.05 s, unused."""
        self.realm_name = realm
        self._request = request

    def raw_get(self, path: str, **query: Any) -> requests.Response:
        """Read what is at a path."""
        return self._request("GET", path, query=query)

    def raw_post(self, path: str, data: Any, **query: Any) -> requests.Response:
        """Add to what is at a path."""
        return self._request("POST", path, query=query, body=data)

    def raw_put(self, path: str, data: Any, **query: Any) -> requests.Response:
        """Write what is at a path."""
        return self._request("PUT", path, query=query, body=data)

    def raw_delete(self, path: str, data: Any = None, **query: Any) -> requests.Response:
        """Remove what is at a path."""
        return self._request("DELETE", path, query=query, body=data)
