"""AWX's API as nouns: what it holds is items of a kind, each by its name; jobs run what a template says.

Source: AWX 24.6.1, awx/api (REST Framework: every path ends in "/", lists are pages with ``results``); basic authentication.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from converge.errors import Unreachable
from converge.http import checked, excerpt

if TYPE_CHECKING:
    import requests

    from converge.apis.login import Login

Fields = Mapping[str, Any]
MOST = 200
"""Entries on a page, the most that there may be."""

NAMED = {"users": "username"}
"""The field by which items of a kind are told apart, where it is not ``name``."""

ENDED = frozenset({"successful", "failed", "error", "canceled"})


class Awx:
    """AWX at ``https://awx.thinkube.test`` as one of its users, or as whoever is signed in in a browser (None)."""

    def __init__(self, http: requests.Session, url: str, login: Login | None) -> None:
        self.url = url
        self._http = http
        self._login = login

    def is_known(self) -> bool:
        """Whether the login is right."""
        answer = self._ask("GET", "/me/")
        return answer.status_code != 401 and bool(checked(answer, "the user of AWX"))

    def who(self) -> dict[str, Any]:
        """Who asks: ``username``, ``is_superuser``."""
        found: dict[str, Any] = self._send("GET", "/me/").json()["results"][0]
        return found

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """An item of a kind, ``find("job_templates", "Verify valkey")``; None where there is none of that name."""
        found = self.items(kind, **{NAMED.get(kind, "name"): name})
        return found[0] if found else None

    def items(self, kind: str, **filters: str) -> Sequence[dict[str, Any]]:
        """Items of a kind of which these fields have these values."""
        answer = self._send("GET", f"/{kind}/?{urlencode({**filters, 'page_size': str(MOST)})}")
        found: Sequence[dict[str, Any]] = answer.json()["results"]
        return found

    def create(self, kind: str, fields: Fields) -> int:
        """Make an item and return its id."""
        identity: int = self._send("POST", f"/{kind}/", fields).json()["id"]
        return identity

    def change(self, kind: str, identity: int, fields: Fields) -> None:
        """Change these fields of an item."""
        self._send("PATCH", f"/{kind}/{identity}/", fields)

    def remove(self, kind: str, identity: int) -> None:
        """Remove an item."""
        self._send("DELETE", f"/{kind}/{identity}/")

    def launch(self, template: int) -> int:
        """Start what a template says, and return the id of the job."""
        job: int = self._send("POST", f"/job_templates/{template}/launch/", {}).json()["job"]
        return job

    def job(self, identity: int) -> dict[str, Any]:
        """A job: ``status`` is one of `ENDED` when it has ended."""
        found: dict[str, Any] = self._send("GET", f"/jobs/{identity}/").json()
        return found

    def output(self, identity: int) -> str:
        """What a job has said, as text."""
        return self._send("GET", f"/jobs/{identity}/stdout/?format=txt").text

    def _send(self, method: str, path: str, body: Fields | None = None) -> requests.Response:
        return checked(self._ask(method, path, body), f"{method} {path.partition('?')[0]} of AWX")

    def _ask(self, method: str, path: str, body: Fields | None = None) -> requests.Response:
        """An answer of AWX's own, which names its version.

        Raises:
            Unreachable: the ingress, or somebody else on the way, answered instead.
        """
        answer = self._http.request(
            method,
            f"{self.url}/api/v2{path}",
            json=None if body is None else dict(body),
            auth=self._login.basic if self._login else None,
            allow_redirects=False,
        )
        if MARK not in answer.headers:
            raise Unreachable(f"{self.url} to lead to AWX", seen=f"{answer.status_code} {answer.reason}: {excerpt(answer.text)}")
        return answer


MARK = "X-API-Product-Version"
"""A header of every answer of AWX's API."""
