"""A product's own HTTP API as somebody asks it: answers that the product did not give are nobody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from converge.errors import Unreachable
from converge.http import checked, excerpt

if TYPE_CHECKING:
    import requests

    from converge.apis.login import Login

Fields = Mapping[str, Any]
"""What a product is told of a thing: ``{"name": "thinkube", "public": False}``."""


@dataclass(frozen=True)
class Product:
    """An API with whose login it is asked; with none (None) as nobody, or as whoever is signed in in a browser.

    ``Product(http, "https://awx.thinkube.test/api/v2", "AWX", is_own=lambda answer: "X-API-Product-Version" in answer.headers)``
    """

    http: requests.Session = field(repr=False)
    url: str
    called: str
    is_own: Callable[[requests.Response], bool] = field(repr=False)
    login: Login | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Fields | None = None, **more: Any) -> requests.Response:
        """An answer of the product's own, whatever it says; ``more`` is what ``requests`` takes.

        Raises:
            Unreachable: the ingress, or somebody else on the way, answered instead.
        """
        answer = self.http.request(
            method,
            f"{self.url}{path}",
            json=None if body is None else dict(body),
            auth=self.login.basic if self.login else None,
            headers={**self.headers, **more.pop("headers", {})},
            allow_redirects=False,
            **more,
        )
        if not self.is_own(answer):
            raise Unreachable(f"{self.url} to lead to {self.called}", seen=f"{answer.status_code} {answer.reason}: {excerpt(answer.text)}")
        return answer

    def send(self, method: str, path: str, body: Fields | None = None, what: str = "", **more: Any) -> requests.Response:
        """An answer that is a success; ``what`` names the request for people, where method and path do not.

        Raises:
            Refused: the product would not.
        """
        return checked(self.ask(method, path, body, **more), what or f"{method} {path.partition('?')[0]} of {self.called}")

    def read(self, path: str, **more: Any) -> Any:
        """What is at a path."""
        return self.send("GET", path, **more).json()

    def find(self, path: str, what: str = "", **more: Any) -> Any:
        """What is at a path; None where nothing is."""
        answer = self.ask("GET", path, **more)
        return None if answer.status_code == 404 else checked(answer, what or f"GET {path.partition('?')[0]} of {self.called}").json()

    def is_known(self, path: str) -> bool:
        """Whether the login is right: what is at this path refuses others with 401."""
        answer = self.ask("GET", path)
        return answer.status_code != 401 and bool(checked(answer, f"the user of {self.called}"))
