"""Harbor's administration as nouns: configuration, projects and their members, robots, registries that it pulls through, retention.

Source: Harbor 2.15, api/v2.0/swagger.yaml; basic authentication, which needs no CSRF token as long as no cookie is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from converge.apis.product import Fields, Product

if TYPE_CHECKING:
    import requests

    from converge.apis.login import Login

ADMINISTRATOR = 1
"""The id of the user ``admin``, whom Harbor makes itself."""

BY_NAME = {"X-Is-Resource-Name": "true"}
"""A project in a path is a name, also where it looks like a number."""

MOST = 100
"""Entries on a page, the most that there may be."""

OIDC_GROUP = 3
"""The type of a group that the platform's login tells of."""


class Harbor:
    """Harbor at ``https://harbor.thinkube.test`` as one of its users, or as whoever is signed in in a browser (None).

    ``Harbor(http, url, Login("admin", "…")).project("thinkube")``
    """

    def __init__(self, http: requests.Session, url: str, login: Login | None) -> None:
        self.url = url
        self._api = Product(http, f"{url}/api/v2.0", "Harbor", _is_own, login)
        self._by_name = replace(self._api, headers=BY_NAME)

    def is_known(self) -> bool:
        """Whether the login is right."""
        return self._api.is_known("/users/current")

    def who(self) -> dict[str, Any]:
        """Who asks: name, whether they administer Harbor, and in ``oidc_user_meta`` the secret with which their programs log in."""
        found: dict[str, Any] = self._api.read("/users/current")
        return found

    def change_password(self, old: str, new: str) -> None:
        """Give the administrator another password; Harbor wants to hear the one before."""
        self._api.send("PUT", f"/users/{ADMINISTRATOR}/password", {"old_password": old, "new_password": new})

    # Configuration

    def configuration(self) -> dict[str, Any]:
        """Every field that has a value, but for passwords, which Harbor does not tell: ``{"auth_mode": "oidc_auth"}``."""
        return {name: field["value"] for name, field in self._api.read("/configurations").items() if "value" in field}

    def configure(self, fields: Fields) -> None:
        """Change these fields; how people sign in only as long as nobody has."""
        self._api.send("PUT", "/configurations", fields)

    # Projects

    def project(self, name: str) -> dict[str, Any] | None:
        """A project; None where there is none of that name."""
        found: dict[str, Any] | None = self._by_name.find(f"/projects/{name}")
        return found

    def create_project(self, fields: Fields) -> None:
        """Make a project."""
        self._api.send("POST", "/projects", fields)

    def update_project(self, name: str, fields: Fields) -> None:
        """Change these fields of a project."""
        self._by_name.send("PUT", f"/projects/{name}", fields)

    def remove_project(self, name: str) -> None:
        """Remove a project; Harbor refuses as long as it has repositories."""
        self._by_name.send("DELETE", f"/projects/{name}")

    def repositories(self, project: str) -> Sequence[str]:
        """The names of a project's repositories, without its own."""
        return [one["name"].partition("/")[2] for one in self._api.read(f"/projects/{project}/repositories?page_size={MOST}")]

    def remove_repository(self, project: str, name: str) -> None:
        """Remove a repository with every image in it."""
        self._api.send("DELETE", f"/projects/{project}/repositories/{name.replace('/', '%252F')}")

    def member(self, project: str, group: str) -> dict[str, Any] | None:
        """What a group of the platform's login is in a project; None where it is nothing."""
        found = self._by_name.read(f"/projects/{project}/members?page_size={MOST}&entityname={group}")
        return next((one for one in found if (one["entity_name"], one["entity_type"]) == (group, "g")), None)

    def add_member(self, project: str, group: str, role: int) -> None:
        """Give a group a role in a project."""
        member = {"role_id": role, "member_group": {"group_name": group, "group_type": OIDC_GROUP}}
        self._by_name.send("POST", f"/projects/{project}/members", member)

    def change_member(self, project: str, identity: int, role: int) -> None:
        """Give a member another role."""
        self._by_name.send("PUT", f"/projects/{project}/members/{identity}", {"role_id": role})

    def remove_member(self, project: str, identity: int) -> None:
        """Take a member out of a project."""
        self._by_name.send("DELETE", f"/projects/{project}/members/{identity}")

    # Robots

    def robot(self, name: str) -> dict[str, Any] | None:
        """A robot of the whole of Harbor by the name that it logs in with: ``robot$platform``."""
        return next((one for one in self._api.read(f"/robots?page_size={MOST}") if one["name"] == name), None)

    def create_robot(self, fields: Fields) -> int:
        """Make a robot and return its id; its name is given without the prefix, and its first secret is nobody's."""
        identity: int = self._api.send("POST", "/robots", fields).json()["id"]
        return identity

    def update_robot(self, identity: int, fields: Fields) -> None:
        """Change a robot."""
        self._api.send("PUT", f"/robots/{identity}", fields)

    def give_secret(self, identity: int, secret: str) -> None:
        """Give a robot another secret."""
        self._api.send("PATCH", f"/robots/{identity}", {"secret": secret})

    def remove_robot(self, identity: int) -> None:
        """Remove a robot."""
        self._api.send("DELETE", f"/robots/{identity}")

    # Registries that it pulls through

    def upstream(self, name: str) -> dict[str, Any] | None:
        """A registry elsewhere by its name; None where there is none."""
        return next((one for one in self._api.read(f"/registries?page_size={MOST}") if one["name"] == name), None)

    def create_upstream(self, fields: Fields) -> None:
        """Make a registry elsewhere known; Harbor asks it at once, and refuses one that does not answer."""
        self._api.send("POST", "/registries", fields)

    def update_upstream(self, identity: int, fields: Fields) -> None:
        """Change what is known of a registry elsewhere."""
        self._api.send("PUT", f"/registries/{identity}", fields)

    def remove_upstream(self, identity: int) -> None:
        """Forget a registry elsewhere; Harbor refuses while a project pulls through it."""
        self._api.send("DELETE", f"/registries/{identity}")

    # Retention

    def retention(self, identity: int) -> dict[str, Any] | None:
        """A retention policy; None where there is none."""
        found: dict[str, Any] | None = self._api.find(f"/retentions/{identity}")
        return found

    def create_retention(self, policy: Fields) -> None:
        """Make a project's retention policy."""
        self._api.send("POST", "/retentions", policy)

    def update_retention(self, identity: int, policy: Fields) -> None:
        """Replace a retention policy."""
        self._api.send("PUT", f"/retentions/{identity}", policy)

    def remove_retention(self, identity: int) -> None:
        """Remove a retention policy."""
        self._api.send("DELETE", f"/retentions/{identity}")


def _is_own(answer: requests.Response) -> bool:
    """Harbor's refusals are JSON."""
    return answer.status_code < 300 or "json" in answer.headers.get("Content-Type", "")
