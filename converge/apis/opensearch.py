"""OpenSearch as nouns: documents of indexes, and its security plugin's users, roles and ways to sign in.

Source: OpenSearch 2.19 ("Document APIs", "Search"), security plugin 2.19 ("API", ``/_plugins/_security/api``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converge.apis.product import Fields, Product

if TYPE_CHECKING:
    import requests

    from converge.apis.login import Login

SECURITY = "/_plugins/_security"


class OpenSearch:
    """The server at ``https://opensearch.thinkube.test`` with a login, or as whoever ``http`` says (None)."""

    def __init__(self, http: requests.Session, url: str, login: Login | None) -> None:
        self.url = url
        self._api = Product(http, url, "OpenSearch", _is_own, login)

    def is_known(self) -> bool:
        """Whether the login is right."""
        return self._api.is_known(f"{SECURITY}/authinfo")

    def who(self) -> Mapping[str, Any]:
        """Who asks: ``user_name``, ``backend_roles`` (groups), ``roles``.

        Raises:
            Refused: 401 for a stranger.
        """
        told: Mapping[str, Any] = self._api.read(f"{SECURITY}/authinfo")
        return told

    # Documents

    def write(self, index: str, name: str, document: Fields) -> None:
        """Write a document, and have searches find it.

        Raises:
            Refused: 403 for who may only read.
        """
        self._api.send("PUT", f"/{index}/_doc/{name}?refresh=true", document)

    def document(self, index: str, name: str) -> Mapping[str, Any] | None:
        """What a document says; None where there is none."""
        found = self._api.find(f"/{index}/_doc/{name}")
        return None if found is None else found["_source"]

    def search(self, index: str, words: str) -> Sequence[str]:
        """The names of the documents in which one of these words stands in any field."""
        body = {"query": {"multi_match": {"query": words, "fields": ["*"]}}}
        found = self._api.send("POST", f"/{index}/_search", body).json()
        return [hit["_id"] for hit in found["hits"]["hits"]]

    def remove(self, index: str, name: str) -> None:
        """Remove a document."""
        self._api.send("DELETE", f"/{index}/_doc/{name}?refresh=true")

    def create_index(self, name: str) -> None:
        """Make an index without copies, as there is one server."""
        self._api.send("PUT", f"/{name}", {"settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0}}})

    def remove_index(self, name: str) -> None:
        """Remove an index with its documents; absent is fine."""
        self._api.send("DELETE", f"/{name}?ignore_unavailable=true")

    # Who may do what

    def item(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """What the security plugin has under a name: ``item("rolesmapping", "readall")``; None where there is nothing."""
        found = self._api.find(f"{SECURITY}/api/{kind}/{name}")
        return None if found is None else found[name]

    def write_item(self, kind: str, name: str, fields: Fields) -> None:
        """Make or replace it."""
        self._api.send("PUT", f"{SECURITY}/api/{kind}/{name}", fields)

    def remove_item(self, kind: str, name: str) -> None:
        """Remove it."""
        self._api.send("DELETE", f"{SECURITY}/api/{kind}/{name}")

    def sign_on(self) -> Mapping[str, Any]:
        """In which ways people and programs may say who they are: ``{"authc": {"people": {…}}}``."""
        told: Mapping[str, Any] = self._api.read(f"{SECURITY}/api/securityconfig")["config"]["dynamic"]
        return told


def _is_own(answer: requests.Response) -> bool:
    """Its answers are JSON, but for the plain word with which it refuses strangers; the ingress has no JSON."""
    return answer.status_code == 401 or "json" in answer.headers.get("Content-Type", "")
