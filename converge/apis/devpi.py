"""devpi as nouns: package indexes as one of its users, or nobody, may use them.

Source: devpi-server 6.20, views.py (JSON in and out, ``Accept: application/json``); PyPA's legacy upload API (what twine sends) and
simple repository API (what pip reads).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from converge.apis.login import Login
from converge.apis.product import Product
from converge.errors import Refused
from converge.http import checked

if TYPE_CHECKING:
    import requests

JSON = {"Accept": "application/json"}
MARK = "X-Devpi-Api-Version"
SIMPLE = {"Accept": "application/vnd.pypi.simple.v1+json"}


@dataclass(frozen=True)
class Release:
    """A file of one version of a project: ``Release("greeting", "1.0", "greeting-1.0-py3-none-any.whl", b"…")``."""

    project: str
    version: str
    file: str
    content: bytes = field(repr=False)


class PackageIndexes:
    """devpi at ``https://devpi-api.thinkube.test`` with somebody's login, or nobody's (None)."""

    def __init__(self, http: requests.Session, url: str, login: Login | None = None) -> None:
        self.url = url
        self._http = http
        self._api = Product(http, url, "devpi", lambda answer: MARK in answer.headers, login, JSON)

    def is_known(self) -> bool:
        """Whether the login is right."""
        login = self._api.login or Login("", "")
        answer = replace(self._api, login=None).ask("POST", "/+login", {"user": login.username, "password": login.password})
        if answer.status_code == 401:
            return False
        checked(answer, "signing in to devpi")
        return True

    def has_user(self, name: str) -> bool:
        """Whether there is such a user."""
        return self._api.find(f"/{name}", f"user {name} of devpi") is not None

    def write_user(self, name: str, password: str) -> None:
        """Make a user, or give it this password."""
        method = "PATCH" if self.has_user(name) else "PUT"
        self._api.send(method, f"/{name}", {"password": password}, f"user {name} of devpi written")

    def remove_user(self, name: str) -> None:
        """Remove a user with its indexes; absent is fine."""
        if self.has_user(name):
            self._api.send("DELETE", f"/{name}", what=f"user {name} of devpi removed")

    def index(self, name: str) -> Mapping[str, Any] | None:
        """The configuration of an index, ``root/prod``; None where there is none."""
        found = self._api.find(f"/{name}?no_projects=", f"package index {name}")
        return None if found is None else found["result"]

    def write_index(self, name: str, wanted: Mapping[str, Any]) -> None:
        """Make an index, or change these fields of it."""
        seen = self.index(name)
        method, whole = ("PUT", dict(wanted)) if seen is None else ("PATCH", {**seen, **wanted})
        self._api.send(method, f"/{name}", whole, f"package index {name} written")

    def remove_index(self, name: str) -> None:
        """Remove an index with every package in it, also one that lets nobody remove packages; absent is fine."""
        if (seen := self.index(name)) is None:
            return
        if not seen.get("volatile", True):
            self.write_index(name, {"volatile": True})
        self._api.send("DELETE", f"/{name}", what=f"package index {name} removed")

    def upload(self, index: str, release: Release) -> None:
        """Upload a file as twine does.

        Raises:
            Refused: this login may not, or the index has another file of that name and keeps it.
        """
        form = {
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "name": release.project,
            "version": release.version,
            "filetype": "bdist_wheel",
            "pyversion": "py3",
            "sha256_digest": hashlib.sha256(release.content).hexdigest(),
        }
        content = {"content": (release.file, release.content)}
        self._api.send("POST", f"/{index}/", what=f"{release.file} uploaded to package index {index}", data=form, files=content)

    def files(self, index: str, project: str) -> Sequence[str]:
        """The names of a project's files, as pip finds them; none where the index has no such project."""
        return [str(one["filename"]) for one in self._links(index, project)]

    def download(self, index: str, project: str, file: str) -> bytes:
        """A file's content."""
        page = f"{self.url}/{index}/+simple/{project}/"
        for one in self._links(index, project):
            if one["filename"] == file:
                from urllib.parse import urljoin

                return checked(self._http.get(urljoin(page, one["url"])), f"{file} of package index {index}").content
        raise Refused(f"{file} in package index {index}", seen="no such file", next_command="pytest features/ -m devpi")

    def remove_project(self, index: str, project: str) -> None:
        """Remove a project with all its versions, also from an index that keeps them; absent is fine."""
        answer = self._api.ask("DELETE", f"/{index}/{project}?force=")
        if answer.status_code != 404:
            checked(answer, f"project {project} of package index {index} removed")

    def _links(self, index: str, project: str) -> Sequence[Mapping[str, Any]]:
        found = self._api.find(f"/{index}/+simple/{project}/", f"project {project} of package index {index}", headers=SIMPLE)
        return found["files"] if found else ()
