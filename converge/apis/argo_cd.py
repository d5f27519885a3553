"""Argo CD as nouns: a server that is asked as somebody, and the applications that it keeps delivered.

Source: Argo CD v3.2 API (``/api/v1``, as its Swagger document describes it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converge.http import checked

if TYPE_CHECKING:
    import requests

Application = Mapping[str, Any]


class ArgoCdServer:
    """The server as one identity: that of the cookies and headers of ``http``."""

    def __init__(self, http: requests.Session, url: str) -> None:
        self.url = url
        self._http = http

    def who(self) -> Mapping[str, Any]:
        """Who is asking, as the server sees it: ``{"loggedIn": True, "username": …, "groups": […]}``; of a stranger nothing."""
        answer = self._http.get(f"{self.url}/api/v1/session/userinfo")
        if answer.status_code == 401:
            return {}
        told: Mapping[str, Any] = checked(answer, "who is signed in").json()
        return told

    def names(self) -> Sequence[str]:
        """The names of the applications.

        Raises:
            Refused: 401 for a stranger.
        """
        answer = self._http.get(f"{self.url}/api/v1/applications", params={"fields": "items.metadata.name"})
        return [item["metadata"]["name"] for item in checked(answer, "the applications").json().get("items") or ()]

    def application(self, name: str) -> Application:
        """One application with its status."""
        told: Application = checked(self._http.get(self._place(name)), f"application {name}").json()
        return told

    def sync(self, name: str) -> None:
        """Ask for an application to be delivered now, as Git has it.

        Raises:
            Refused: 403 where the asking one may not.
        """
        checked(self._http.post(f"{self._place(name)}/sync", json={}), f"application {name} delivered")

    def create(self, application: Application) -> None:
        """Make an application."""
        checked(self._http.post(f"{self.url}/api/v1/applications", json=application), "an application made")

    def delete(self, name: str) -> None:
        """Remove an application, and all that it delivered."""
        checked(self._http.delete(self._place(name), params={"cascade": "true"}, json={}), f"application {name} removed")

    def repositories(self) -> Mapping[str, str]:
        """Whether each known repository can be read: ``{"ssh://git@git.git.svc/docs.git": "Successful"}``; asked anew."""
        answer = checked(self._http.get(f"{self.url}/api/v1/repositories", params={"forceRefresh": "true"}), "the repositories")
        return {item["repo"]: item["connectionState"]["status"] for item in answer.json().get("items") or ()}

    def _place(self, name: str) -> str:
        return f"{self.url}/api/v1/applications/{name}"
