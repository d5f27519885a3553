"""A container registry as nouns: repositories, images and the tokens that open them, as any client of the OCI protocol meets them.

Source: OCI distribution specification 1.1; Distribution's documentation of its token authentication ("Token Authentication Specification").
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converge.apis.login import Login
from converge.errors import TEMPORARY, Refused, Unreachable
from converge.http import checked, excerpt

if TYPE_CHECKING:
    import requests

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Denied(Refused):
    """The registry, or who gives tokens for it, does not allow this; ``seen`` is what it said."""

    usual_next = "pytest features/ -m registry"


class NoSuchImage(Refused):
    """There is no such image."""

    usual_next = "pytest features/ -m registry"


@dataclass(frozen=True)
class Image:
    """What is pushed and pulled: ``blobs`` by digest, configuration and layers, and the manifest that names them."""

    manifest: bytes
    blobs: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """``sha256:…`` of the manifest."""
        return digest(self.manifest)


def digest(content: bytes) -> str:
    """What a registry knows content by."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """The registry at ``https://registry.thinkube.test`` as somebody with a ``login`` sees it, or a stranger (None)."""

    def __init__(self, http: requests.Session, url: str, login: Login | None) -> None:
        self.url = url
        self._http = http
        self._login = login
        self._tokens: dict[str, str] = {}

    def at(self, url: str) -> Registry:
        """Another registry as the same person sees it."""
        return Registry(self._http, url, self._login)

    def push(self, repository: str, tag: str, image: Image) -> str:
        """Store an image under a tag and return its digest.

        Raises:
            Denied: this person may not push there.
        """
        for name, content in image.blobs.items():
            self._push_blob(repository, name, content)
        self._send("PUT", repository, f"manifests/{tag}", "pull,push", data=image.manifest, headers={"Content-Type": MANIFEST})
        return image.digest

    def pull(self, repository: str, reference: str) -> Image:
        """An image by its tag or digest, whose every part is what its digest says.

        Raises:
            Denied: this person may not pull there.
            NoSuchImage: there is none of that name.
        """
        manifest = self.manifest(repository, reference)
        named = json.loads(manifest)
        blobs = {part["digest"]: self._blob(repository, part["digest"]) for part in (named["config"], *named["layers"])}
        wrong = [name for name, content in blobs.items() if digest(content) != name]
        if wrong or (reference.startswith("sha256:") and digest(manifest) != reference):
            seen = f"other content under {wrong or reference}"
            raise Refused(f"image {repository} as it was pushed", seen=seen, next_command="thinkube status")
        return Image(manifest, blobs)

    def manifest(self, repository: str, reference: str) -> bytes:
        """An image's manifest alone."""
        return self._send("GET", repository, f"manifests/{reference}", "pull", headers={"Accept": MANIFEST}).content

    def has_blob(self, repository: str, name: str) -> bool:
        """Whether a layer or configuration is there."""
        try:
            self._send("HEAD", repository, f"blobs/{name}", "pull")
        except NoSuchImage:
            return False
        return True

    def remove(self, repository: str, name: str) -> None:
        """Remove an image by its digest; what it took is given back by the next collection of garbage."""
        self._send("DELETE", repository, f"manifests/{name}", "delete")

    def tags(self, repository: str) -> Sequence[str]:
        """The tags of a repository."""
        return self._send("GET", repository, "tags/list", "pull").json().get("tags") or []

    def repositories(self) -> Sequence[str]:
        """The names of all repositories."""
        found: list[str] = []
        path = "/v2/_catalog?n=500"
        while path:
            answer = self._answered("GET", path, "registry:catalog:*", {})
            found += answer.json()["repositories"] or []
            path = answer.links.get("next", {}).get("url", "")
        return found

    def is_known(self) -> bool:
        """Whether whoever gives tokens accepts the login at all."""
        try:
            self._answered("GET", "/v2/", "", {})
        except Denied:
            return False
        return True

    def _blob(self, repository: str, name: str) -> bytes:
        return self._send("GET", repository, f"blobs/{name}", "pull").content

    def _push_blob(self, repository: str, name: str, content: bytes) -> None:
        place = self._send("POST", repository, "blobs/uploads/", "pull,push").headers["Location"]
        path = place.removeprefix(self.url)
        separator = "&" if "?" in path else "?"
        headers = {"Content-Type": "application/octet-stream"}
        self._answered("PUT", f"{path}{separator}digest={name}", _scope(repository, "pull,push"), {"data": content, "headers": headers})

    def _send(self, method: str, repository: str, path: str, actions: str, **options: Any) -> requests.Response:
        return self._answered(method, f"/v2/{repository}/{path}", _scope(repository, actions), options)

    def _answered(self, method: str, path: str, scope: str, options: Mapping[str, Any]) -> requests.Response:
        """Ask with the token for ``scope``, with a new one where the registry wants that."""
        answer = self._ask(method, path, self._tokens.get(scope, ""), options)
        if answer.status_code == 401:
            self._tokens[scope] = self._token(answer.headers.get("WWW-Authenticate", ""), scope)
            answer = self._ask(method, path, self._tokens[scope], options)
        what = f"{method} {path.partition('?')[0]} of the registry"
        if answer.status_code in (401, 403):
            raise Denied(what, seen=f"{answer.status_code} {answer.reason}: {excerpt(answer.text)}")
        if answer.status_code == 404:
            if not answer.headers.get("Docker-Distribution-Api-Version"):
                raise Unreachable(what, seen="404: the ingress does not lead to it yet")
            raise NoSuchImage(what, seen=f"404 {answer.reason}: {excerpt(answer.text)}")
        return checked(answer, what)

    def _ask(self, method: str, path: str, token: str, options: Mapping[str, Any]) -> requests.Response:
        headers = dict(options.get("headers") or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return self._http.request(method, f"{self.url}{path}", **{**options, "headers": headers})

    def _token(self, challenge: str, scope: str) -> str:
        """A token from whom the registry names; nobody's login is sent to anybody else."""
        said = dict(_PARAMETER.findall(challenge))
        asked = {"service": said["service"]} | ({"scope": scope} if scope else {})
        login = self._login.basic if self._login else None
        answer = self._http.get(said["realm"], params=asked, auth=login)
        what = f"a token for the registry for {self._login.username if self._login else 'a stranger'}"
        if answer.status_code >= 400 and answer.status_code not in TEMPORARY:
            raise Denied(what, seen=f"{answer.status_code} {answer.reason}: {excerpt(answer.text)}")
        token: str = checked(answer, what).json()["token"]
        return token


def _scope(repository: str, actions: str) -> str:
    return f"repository:{repository}:{actions}"
