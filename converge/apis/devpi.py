"""devpi as nouns: package indexes as one of its users, or nobody, may use them.

Source: devpi-server 6.20, views.py (JSON in and out, ``Accept: application/json``); PyPA's legacy upload API (what twine sends) and
simple repository API (what pip reads).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from converge.apis.login import Login
from converge.errors import Refused, Unreachable
from converge.http import checked, excerpt

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
        self._login = login

    def is_known(self) -> bool:
        """Whether the login is right."""
        login = self._login or Login("", "")
        answer = self._ask("POST", "/+login", json={"user": login.username, "password": login.password}, anonymous=True)
        if answer.status_code == 401:
            return False
        checked(answer, "signing in to devpi")
        return True

    def has_user(self, name: str) -> bool:
        """Whether there is such a user."""
        return self._read(f"/{name}", f"user {name} of devpi") is not None

    def write_user(self, name: str, password: str) -> None:
        """Make a user, or give it this password."""
        method = "PATCH" if self.has_user(name) else "PUT"
        checked(self._ask(method, f"/{name}", json={"password": password}), f"user {name} of devpi written")

    def remove_user(self, name: str) -> None:
        """Remove a user with its indexes; absent is fine."""
        if self.has_user(name):
            checked(self._ask("DELETE", f"/{name}"), f"user {name} of devpi removed")

    def index(self, name: str) -> Mapping[str, Any] | None:
        """The configuration of an index, ``root/prod``; None where there is none."""
        return self._read(f"/{name}?no_projects=", f"package index {name}")

    def write_index(self, name: str, wanted: Mapping[str, Any]) -> None:
        """Make an index, or change these fields of it."""
        seen = self.index(name)
        method, whole = ("PUT", dict(wanted)) if seen is None else ("PATCH", {**seen, **wanted})
        checked(self._ask(method, f"/{name}", json=whole), f"package index {name} written")

    def remove_index(self, name: str) -> None:
        """Remove an index with every package in it, also one that lets nobody remove packages; absent is fine."""
        if (seen := self.index(name)) is None:
            return
        if not seen.get("volatile", True):
            self.write_index(name, {"volatile": True})
        checked(self._ask("DELETE", f"/{name}"), f"package index {name} removed")

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
        answer = self._ask("POST", f"/{index}/", data=form, files={"content": (release.file, release.content)})
        checked(answer, f"{release.file} uploaded to package index {index}")

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
        answer = self._ask("DELETE", f"/{index}/{project}?force=")
        if answer.status_code != 404:
            checked(answer, f"project {project} of package index {index} removed")

    def _links(self, index: str, project: str) -> Sequence[Mapping[str, Any]]:
        what = f"project {project} of package index {index}"
        answer = self._ask("GET", f"/{index}/+simple/{project}/", headers=SIMPLE)
        if answer.status_code == 404:
            return ()
        found: list[Mapping[str, Any]] = checked(answer, what).json()["files"]
        return found

    def _read(self, path: str, what: str) -> Mapping[str, Any] | None:
        answer = self._ask("GET", path)
        if answer.status_code == 404:
            return None
        found: Mapping[str, Any] = checked(answer, what).json()["result"]
        return found

    def _ask(self, method: str, path: str, *, anonymous: bool = False, headers: Mapping[str, str] = JSON, **more: Any) -> requests.Response:
        """An answer of devpi's own, which it marks with the version of its API.

        Raises:
            Unreachable: the ingress, or somebody else on the way, answered instead.
        """
        auth = self._login.basic if self._login and not anonymous else None
        answer = self._http.request(method, f"{self.url}{path}", headers=dict(headers), auth=auth, allow_redirects=False, **more)
        if MARK not in answer.headers:
            raise Unreachable(f"{self.url} to lead to devpi", seen=f"{answer.status_code} {answer.reason}: {excerpt(answer.text)}")
        return answer
