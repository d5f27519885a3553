"""Harbor as far as its settings ask it: what its handlers (v2.15.2, src/server) do with what its description lets through."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from described import Described, Request, errors

from converge.images import go

MODULE = "github.com/goharbor/go-client@v0.213.1"
SUM = "h1:bohLwNog8uv8FKhIZ0SHiaDbYr3X/1hovgo5fqZWMdo="
"""Harbor's own client, which has the description of Harbor 2.13.1; the tests passed against that of 2.15.2 as well."""

URL = "https://harbor.thinkube.test"
MISSING = (404, errors("NOT_FOUND", "not found"))


@functools.cache
def description() -> Mapping[str, Any]:
    """Harbor's published description, from the Go module that carries it."""
    fetched = go.download(MODULE)
    assert fetched["Sum"] == SUM
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(fetched["Dir"], "api/v2.0/swagger.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 (a safe one)
    return found


class FakeHarbor:
    """One that has just been started: its administrator, the project ``library`` that comes with it, and nobody who has signed in."""

    def __init__(self) -> None:
        self.password = "right"
        self.has_people = False
        self.configuration: dict[str, Any] = {"auth_mode": "db_auth", "self_registration": False, "robot_name_prefix": "robot$"}
        self.client_secret = ""
        self.projects: dict[str, dict[str, Any]] = {}
        self.members: dict[str, list[dict[str, Any]]] = {}
        self.repositories: dict[str, list[str]] = {}
        self.registries: dict[int, dict[str, Any]] = {}
        self.robots: dict[int, dict[str, Any]] = {}
        self.secrets: dict[str, str] = {}
        self.policies: dict[int, dict[str, Any]] = {}
        self._numbers = itertools.count(2)
        self._make_project({"project_name": "library", "metadata": {"public": "true"}})
        self.http = Described(description(), self._answer)

    def _answer(self, asked: Request) -> tuple[int, Any]:
        if asked.auth != ("admin", self.password):
            return 401, errors("UNAUTHORIZED", "unauthorized")
        kind = "_".join(re.findall(r"/(\w+)", asked.path))
        found: tuple[int, Any] = getattr(self, f"{asked.method.lower()}_{kind}")(asked)
        return found

    # Configuration and administrator

    def get_users_current(self, _: Request) -> tuple[int, Any]:
        return 200, {"username": "admin", "user_id": 1, "sysadmin_flag": True}

    def put_users_password(self, asked: Request) -> tuple[int, Any]:
        if asked.body["old_password"] != self.password:
            return 403, errors("FORBIDDEN", "incorrect old_password")
        self.password = asked.body["new_password"]
        return 200, None

    def get_configurations(self, _: Request) -> tuple[int, Any]:
        fields = {name: {"value": value, "editable": True} for name, value in self.configuration.items()}
        return 200, fields | {"scan_all_policy": {"type": "none"}}

    def put_configurations(self, asked: Request) -> tuple[int, Any]:
        fields = dict(asked.body)
        if self.has_people and fields.get("auth_mode", self.configuration["auth_mode"]) != self.configuration["auth_mode"]:
            return 400, errors("BAD_REQUEST", "the auth mode cannot be modified as new users have been inserted into database")
        self.client_secret = fields.pop("oidc_client_secret", self.client_secret)
        self.configuration |= fields
        return 200, None

    # Projects

    def post_projects(self, asked: Request) -> tuple[int, Any]:
        if asked.body["project_name"] in self.projects:
            return 409, errors("CONFLICT", "the project already exists")
        if asked.body.get("registry_id", 0) not in (0, *self.registries):
            return 400, errors("BAD_REQUEST", "no such registry")
        self._make_project(asked.body)
        return 201, None

    def _make_project(self, fields: Mapping[str, Any]) -> None:
        name, number = fields["project_name"], next(self._numbers)
        metadata = {"public": "false"} | dict(fields.get("metadata") or {})
        self.projects[name] = {"project_id": number, "name": name, "metadata": metadata, "repo_count": 0}
        if "registry_id" in fields:
            self.projects[name]["registry_id"] = fields["registry_id"]
        self.members[name], self.repositories[name] = [], []

    def get_projects(self, asked: Request) -> tuple[int, Any]:
        return (200, self.projects[asked.names["project_name_or_id"]]) if self._has(asked) else MISSING

    def put_projects(self, asked: Request) -> tuple[int, Any]:
        self.projects[asked.names["project_name_or_id"]]["metadata"] |= asked.body["metadata"]
        return 200, None

    def delete_projects(self, asked: Request) -> tuple[int, Any]:
        name = asked.names["project_name_or_id"]
        if self.repositories[name]:
            return 412, errors("PRECONDITION", "the project contains repositories, can not be deleted")
        del self.projects[name]
        return 200, None

    def get_projects_repositories(self, asked: Request) -> tuple[int, Any]:
        name = asked.names["project_name"]
        return 200, [{"name": f"{name}/{one}"} for one in self.repositories[name]]

    def delete_projects_repositories(self, asked: Request) -> tuple[int, Any]:
        self.repositories[asked.names["project_name"]].remove(asked.names["repository_name"].replace("%2F", "/"))
        return 200, None

    def get_projects_members(self, asked: Request) -> tuple[int, Any]:
        return 200, self.members[asked.names["project_name_or_id"]]

    def post_projects_members(self, asked: Request) -> tuple[int, Any]:
        if self.configuration["auth_mode"] != "oidc_auth":
            return 400, errors("BAD_REQUEST", "no group can be made with this auth mode")
        group = asked.body["member_group"]
        assert group["group_type"] == 3
        member = {"id": next(self._numbers), "entity_name": group["group_name"], "entity_type": "g", "role_id": asked.body["role_id"]}
        self.members[asked.names["project_name_or_id"]].append(member)
        return 201, None

    def put_projects_members(self, asked: Request) -> tuple[int, Any]:
        self._member(asked)["role_id"] = asked.body["role_id"]
        return 200, None

    def delete_projects_members(self, asked: Request) -> tuple[int, Any]:
        self.members[asked.names["project_name_or_id"]].remove(self._member(asked))
        return 200, None

    def _member(self, asked: Request) -> dict[str, Any]:
        return next(one for one in self.members[asked.names["project_name_or_id"]] if str(one["id"]) == asked.names["mid"])

    # Robots

    def get_robots(self, asked: Request) -> tuple[int, Any]:
        return 200, list(self.robots.values())

    def post_robots(self, asked: Request) -> tuple[int, Any]:
        if not asked.body["permissions"] or not re.fullmatch(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", asked.body["name"]):
            return 400, errors("BAD_REQUEST", "bad request")
        number, name = next(self._numbers), f"robot${asked.body['name']}"
        permissions = [one | {"access": [right | {"effect": "allow"} for right in one["access"]]} for one in asked.body["permissions"]]
        self.robots[number] = {**asked.body, "id": number, "name": name, "permissions": permissions, "editable": True}
        self.secrets[name] = "MadeUp1"
        return 201, {"id": number, "name": name, "secret": "MadeUp1"}

    def put_robots(self, asked: Request) -> tuple[int, Any]:
        robot = self.robots[int(asked.names["robot_id"])]
        if (asked.body["name"], asked.body["level"]) != (robot["name"], robot["level"]):
            return 400, errors("BAD_REQUEST", "cannot update the level or name of robot")
        robot |= asked.body
        return 200, None

    def patch_robots(self, asked: Request) -> tuple[int, Any]:
        secret = asked.body["secret"]
        if not (8 <= len(secret) <= 128 and all(re.search(kind, secret) for kind in ("[a-z]", "[A-Z]", "[0-9]"))):
            return 400, errors("BAD_REQUEST", "the secret must be 8-128, inclusively, characters long")
        self.secrets[self.robots[int(asked.names["robot_id"])]["name"]] = secret
        return 200, {"secret": ""}

    def delete_robots(self, asked: Request) -> tuple[int, Any]:
        del self.robots[int(asked.names["robot_id"])]
        return 200, None

    # Registries elsewhere

    def get_registries(self, _: Request) -> tuple[int, Any]:
        return 200, list(self.registries.values())

    def post_registries(self, asked: Request) -> tuple[int, Any]:
        number = next(self._numbers)
        self.registries[number] = {**asked.body, "id": number, "status": "healthy"}
        return 201, None

    def put_registries(self, asked: Request) -> tuple[int, Any]:
        self.registries[int(asked.names["id"])] |= asked.body
        return 200, None

    def delete_registries(self, asked: Request) -> tuple[int, Any]:
        number = int(asked.names["id"])
        if any(one.get("registry_id") == number for one in self.projects.values()):
            return 412, errors("PRECONDITION", "the registry is referenced by proxy cache project")
        del self.registries[number]
        return 200, None

    # Retention

    def get_retentions(self, asked: Request) -> tuple[int, Any]:
        return (200, self.policies[int(asked.names["id"])]) if int(asked.names["id"]) in self.policies else MISSING

    def post_retentions(self, asked: Request) -> tuple[int, Any]:
        project = next(one for one in self.projects.values() if one["project_id"] == asked.body["scope"]["ref"])
        if "retention_id" in project["metadata"]:
            return 400, errors("BAD_REQUEST", "project already has retention policy")
        number = next(self._numbers)
        project["metadata"]["retention_id"] = str(number)
        self._keep(number, asked.body)
        return 201, None

    def put_retentions(self, asked: Request) -> tuple[int, Any]:
        self._keep(int(asked.names["id"]), asked.body)
        return 200, None

    def delete_retentions(self, asked: Request) -> tuple[int, Any]:
        del self.policies[int(asked.names["id"])]
        for project in self.projects.values():
            project["metadata"].pop("retention_id", None)
        return 200, None

    def _keep(self, number: int, policy: Mapping[str, Any]) -> None:
        """As Harbor tells it back: rules are numbered, selectors have all their fields, the schedule knows its job."""
        rules = []
        for place, rule in enumerate(policy["rules"]):
            tags = [one | {"extras": ""} for one in rule["tag_selectors"]]
            scopes = {where: [one | {"extras": ""} for one in found] for where, found in rule["scope_selectors"].items()}
            rules.append(rule | {"id": place, "priority": 0, "disabled": False, "tag_selectors": tags, "scope_selectors": scopes})
        trigger = policy["trigger"] | {"references": {"job_id": 7}}
        self.policies[number] = {**policy, "id": number, "rules": rules, "trigger": trigger}

    def _has(self, asked: Request) -> bool:
        return asked.names["project_name_or_id"] in self.projects
