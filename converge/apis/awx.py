"""AWX's API as nouns: what it holds is items of a kind, each by its name; jobs run what a template says.

Source: AWX 24.6.1, awx/api (REST Framework: every path ends in "/", lists are pages with ``results``); basic authentication.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from converge.apis.product import Fields, Product

if TYPE_CHECKING:
    import requests

    from converge.apis.login import Login

MARK = "X-API-Product-Version"
"""A header of every answer of AWX's API."""

MOST = 200
"""Entries on a page, the most that there may be."""

NAMED = {"users": "username"}
"""The field by which items of a kind are told apart, where it is not ``name``."""

ENDED = frozenset({"successful", "failed", "error", "canceled"})


class Awx:
    """AWX at ``https://awx.thinkube.test`` as one of its users, or as whoever is signed in in a browser (None)."""

    def __init__(self, http: requests.Session, url: str, login: Login | None) -> None:
        self.url = url
        self._api = Product(http, f"{url}/api/v2", "AWX", lambda answer: MARK in answer.headers, login)

    def is_known(self) -> bool:
        """Whether the login is right."""
        return self._api.is_known("/me/")

    def who(self) -> dict[str, Any]:
        """Who asks: ``username``, ``is_superuser``."""
        found: dict[str, Any] = self._api.read("/me/")["results"][0]
        return found

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """An item of a kind, ``find("job_templates", "Verify valkey")``; None where there is none of that name."""
        found = self.items(kind, **{NAMED.get(kind, "name"): name})
        return found[0] if found else None

    def items(self, kind: str, **filters: str) -> Sequence[dict[str, Any]]:
        """Items of a kind of which these fields have these values."""
        answer = self._api.send("GET", f"/{kind}/?{urlencode({**filters, 'page_size': str(MOST)})}")
        found: Sequence[dict[str, Any]] = answer.json()["results"]
        return found

    def create(self, kind: str, fields: Fields) -> int:
        """Make an item and return its id."""
        identity: int = self._api.send("POST", f"/{kind}/", fields).json()["id"]
        return identity

    def change(self, kind: str, identity: int, fields: Fields) -> None:
        """Change these fields of an item."""
        self._api.send("PATCH", f"/{kind}/{identity}/", fields)

    def remove(self, kind: str, identity: int) -> None:
        """Remove an item."""
        self._api.send("DELETE", f"/{kind}/{identity}/")

    def launch(self, template: int) -> int:
        """Start what a template says, and return the id of the job."""
        job: int = self._api.send("POST", f"/job_templates/{template}/launch/", {}).json()["job"]
        return job

    def job(self, identity: int) -> dict[str, Any]:
        """A job: ``status`` is one of `ENDED` when it has ended."""
        found: dict[str, Any] = self._api.read(f"/jobs/{identity}/")
        return found

    def output(self, identity: int) -> str:
        """What a job has said, as text."""
        return self._api.send("GET", f"/jobs/{identity}/stdout/?format=txt").text
