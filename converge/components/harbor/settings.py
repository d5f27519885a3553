"""What Harbor holds, as settings; all of it lies in its database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.harbor import Harbor
from converge.components.differences import merged
from converge.components.represented import RemovableRepresentation
from converge.errors import Refused

DEVELOPER = 2
"""The role that pushes and pulls; 1 administers a project, 3 pulls, 4 also removes."""


class HarborSetting(RemovableRepresentation):
    """One thing in Harbor."""

    within = "harbor"

    def __init__(self, subject: str, harbor: Harbor, wanted: Mapping[str, Any]) -> None:
        super().__init__(subject, wanted)
        self.harbor = harbor


class HarborProject(HarborSetting):
    """A project for images of people's own."""

    def __init__(self, harbor: Harbor, name: str, metadata: Mapping[str, str]) -> None:
        super().__init__(f"Harbor project {name}", harbor, {"metadata": dict(metadata)})
        self.is_data = True
        self._name = name

    def read(self) -> dict[str, Any] | None:
        """The project."""
        return self.harbor.project(self._name)

    def create(self) -> None:
        """Empty."""
        self.harbor.create_project({"project_name": self._name, **self.wanted})

    def replace(self, seen: dict[str, Any]) -> None:
        """Its metadata, field by field."""
        self.harbor.update_project(self._name, self.wanted)

    def take(self, seen: dict[str, Any]) -> None:
        """With every image in it."""
        for name in self.harbor.repositories(self._name):
            self.harbor.remove_repository(self._name, name)
        self.harbor.remove_project(self._name)


class ProjectGroup(HarborSetting):
    """What a group of the realm may do in a project."""

    def __init__(self, harbor: Harbor, project: str, group: str, role: int) -> None:
        super().__init__(f"group {group} in Harbor project {project}", harbor, {"role_id": role})
        self._project = project
        self._group = group

    def read(self) -> dict[str, Any] | None:
        """The member; None also where there is no project."""
        return self.harbor.member(self._project, self._group) if self.harbor.project(self._project) else None

    def create(self) -> None:
        """Harbor learns of the group with it."""
        self.harbor.add_member(self._project, self._group, self.wanted["role_id"])

    def replace(self, seen: dict[str, Any]) -> None:
        """Another role."""
        self.harbor.change_member(self._project, seen["id"], self.wanted["role_id"])

    def take(self, seen: dict[str, Any]) -> None:
        """Out of the project."""
        self.harbor.remove_member(self._project, seen["id"])


class Retention(HarborSetting):
    """How many images of a repository a project keeps: those that were pushed last."""

    def __init__(self, harbor: Harbor, project: str, *, most: int, cron: str) -> None:
        everything = {"kind": "doublestar", "pattern": "**"}
        rule = {
            "action": "retain",
            "template": "latestPushedK",
            "params": {"latestPushedK": most},
            "tag_selectors": [everything | {"decoration": "matches"}],
            "scope_selectors": {"repository": [everything | {"decoration": "repoMatches"}]},
        }
        wanted = {"algorithm": "or", "rules": [rule], "trigger": {"kind": "Schedule", "settings": {"cron": cron}}}
        super().__init__(f"retention of Harbor project {project}", harbor, wanted)
        self._project = project

    def read(self) -> dict[str, Any] | None:
        """The policy that the project names, without what Harbor adds to rules."""
        identity = ((self.harbor.project(self._project) or {}).get("metadata") or {}).get("retention_id")
        seen = self.harbor.retention(int(identity)) if identity else None
        return seen and seen | {"rules": [_plain(rule) for rule in seen.get("rules") or ()]}

    def create(self) -> None:
        """For the project, which learns of it by that."""
        project = self.harbor.project(self._project) or {}
        self.harbor.create_retention(self._whole(project["project_id"]))

    def replace(self, seen: dict[str, Any]) -> None:
        """Whole, as Harbor takes it."""
        self.harbor.update_retention(seen["id"], self._whole(seen["scope"]["ref"]) | {"id": seen["id"]})

    def take(self, seen: dict[str, Any]) -> None:
        """Then everything is kept."""
        self.harbor.remove_retention(seen["id"])

    def _whole(self, project: int) -> dict[str, Any]:
        return {**self.wanted, "scope": {"level": "project", "ref": project}}


def _plain(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with what decides; a disabled one decides nothing."""
    if rule.get("disabled"):
        return {}
    selectors = {where: [_selector(one) for one in found] for where, found in (rule.get("scope_selectors") or {}).items()}
    tags = [_selector(one) for one in rule.get("tag_selectors") or ()]
    names = ("action", "template", "params")
    return {name: rule.get(name) for name in names} | {"tag_selectors": tags, "scope_selectors": selectors}


def _selector(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.get(name) for name in ("kind", "decoration", "pattern")}


class UpstreamRegistry(HarborSetting):
    """A registry elsewhere that projects may pull through."""

    def __init__(self, harbor: Harbor, name: str, url: str) -> None:
        kind, address = ("docker-hub", "https://hub.docker.com") if url == DOCKER_HUB else ("docker-registry", url)
        super().__init__(f"Harbor registry {name}", harbor, {"type": kind, "url": address, "insecure": False})
        self.name = name

    def read(self) -> dict[str, Any] | None:
        """What is known of it."""
        return self.harbor.upstream(self.name)

    def create(self) -> None:
        """Harbor asks it at once."""
        self.harbor.create_upstream({"name": self.name, **self.wanted})

    def replace(self, seen: dict[str, Any]) -> None:
        """Its kind cannot be changed: one of another kind is made anew.

        Raises:
            Refused: a project pulls through it.
        """
        if seen["type"] == self.wanted["type"]:
            self.harbor.update_upstream(seen["id"], {name: value for name, value in self.wanted.items() if name != "type"})
            return
        self.take(seen)
        self.create()

    def take(self, seen: dict[str, Any]) -> None:
        """Harbor refuses while a project pulls through it."""
        self.harbor.remove_upstream(seen["id"])


DOCKER_HUB = "https://registry-1.docker.io"


class ProxyProject(HarborProject):
    """A project that pulls through a registry elsewhere and keeps what was asked for.

    It has to be made as such: Harbor's own project of that name, which comes with it and is empty, makes room.
    """

    def __init__(self, harbor: Harbor, name: str, upstream: UpstreamRegistry, metadata: Mapping[str, str]) -> None:
        super().__init__(harbor, name, metadata)
        self.wanted["upstream"] = upstream.name
        self.is_data = False
        self._upstream = upstream

    def read(self) -> dict[str, Any] | None:
        """The project with the name of its ``upstream``."""
        seen, upstream = super().read(), self._upstream.read() or {}
        known = bool(upstream) and (seen or {}).get("registry_id") == upstream["id"]
        return seen and seen | {"upstream": self._upstream.name if known else ""}

    def create(self) -> None:
        """Of the registry that it pulls through."""
        upstream = self._upstream.read() or {}
        fields = {"project_name": self._name, "metadata": self.wanted["metadata"], "registry_id": upstream["id"]}
        self.harbor.create_project(fields)

    def replace(self, seen: dict[str, Any]) -> None:
        """Its metadata; one that pulls through nothing, or something else, is made anew.

        Raises:
            Refused: people's images are in it.
        """
        if seen["upstream"]:
            self.harbor.update_project(self._name, {"metadata": self.wanted["metadata"]})
            return
        if not seen.get("registry_id") and (names := self.harbor.repositories(self._name)):
            raise Refused(
                f"{self.subject} to pull through {self._upstream.name}",
                seen=f"it has images of its own: {', '.join(names)}",
                next_command="move them to another project, then pytest features/ -m harbor",
            )
        self.take(seen)
        self.create()


class HarborRobot(HarborSetting):
    """A robot of the whole of Harbor, by the name that it logs in with; its secret is a part's (`robot.py`)."""

    def __init__(self, harbor: Harbor, prefix: str, name: str, permissions: Mapping[str, Sequence[str]]) -> None:
        access = {
            where: [{"resource": "repository", "action": action} for action in actions] for where, actions in sorted(permissions.items())
        }
        wanted = {
            "level": "system",
            "duration": -1,
            "disable": False,
            "permissions": [{"kind": "project", "namespace": where, "access": rights} for where, rights in access.items()],
        }
        super().__init__(f"Harbor robot {prefix}{name}", harbor, wanted)
        self.name = f"{prefix}{name}"
        self._short = name

    def read(self) -> dict[str, Any] | None:
        """The robot, its rights without what Harbor adds."""
        seen = self.harbor.robot(self.name)
        return seen and seen | {"permissions": [_rights(one) for one in seen.get("permissions") or ()]}

    def create(self) -> None:
        """With a secret that nobody knows."""
        self.harbor.create_robot({"name": self._short, "description": "", **self.wanted})

    def replace(self, seen: dict[str, Any]) -> None:
        """Its rights; Harbor takes the whole robot."""
        fields: dict[str, Any] = {name: seen[name] for name in ("id", "name", "description") if name in seen}
        self.harbor.update_robot(seen["id"], merged(fields, self.wanted))

    def take(self, seen: dict[str, Any]) -> None:
        """Then nobody logs in by that name."""
        self.harbor.remove_robot(seen["id"])


def _rights(one: Mapping[str, Any]) -> dict[str, Any]:
    access = [{name: right.get(name) for name in ("resource", "action")} for right in one.get("access") or ()]
    return {"kind": one.get("kind"), "namespace": one.get("namespace"), "access": access}
