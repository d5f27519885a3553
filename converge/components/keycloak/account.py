"""A person's own account at Keycloak, as its page reads and writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converge.http import checked
from converge.sso import Client

if TYPE_CHECKING:
    import requests

    from converge.components.keycloak.people import People, Person

CONSOLE = "account-console"
"""The client that the page signs in with."""


class Account:
    """The account of a person who has signed in to its page."""

    def __init__(self, people: People, person: Person) -> None:
        self._url = f"{people.issuer}/account/"
        tokens = people.application(Client(CONSOLE, self._url)).sign_in(person.browser, person.credentials)
        self._headers = {"Authorization": f"Bearer {tokens.access_token}", "Accept": "application/json"}
        self._http = people.http

    def read(self) -> dict[str, Any]:
        """What the page shows."""
        answer: dict[str, Any] = checked(self._http.get(self._url, headers=self._headers), "the person's own account").json()
        return answer

    def write(self, **attributes: list[str]) -> requests.Response:
        """Save attributes beside what is there; the answer as it comes: some are refused, others dropped silently."""
        seen = self.read()
        changed = seen | {"attributes": (seen.get("attributes") or {}) | attributes}
        return self._http.post(self._url, json=changed, headers=self._headers)
