"""Which components the platform has: a ConfigMap that converging the dashboard writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KEY = "components.json"


@dataclass(frozen=True)
class Probe:
    """How to tell whether a component serves: ``Probe("page", "https://minio.thinkube.test/")``, ``Probe("workloads")``."""

    kind: str
    target: str = ""


@dataclass(frozen=True)
class Link:
    """A host of a component's: ``Link("web", "https://minio.thinkube.test")``."""

    purpose: str
    url: str

    @property
    def host(self) -> str:
        """``minio.thinkube.test``."""
        return self.url.partition("://")[2]


@dataclass(frozen=True)
class Component:
    """A component as the platform describes it; ``part_of`` is the label that its objects carry."""

    name: str
    called: str
    issue: str
    namespace: str
    part_of: str
    versions: Mapping[str, str]
    links: Sequence[Link]
    probes: Sequence[Probe]

    @property
    def version(self) -> str:
        """That of what it runs first, with its name where that is another: ``26.7.4``, ``traefik 3.7.15``; empty where nobody says one."""
        name, version = next(iter(self.versions.items()), ("", ""))
        return version if name.startswith(self.name) or not version else f"{name} {version}"

    def has(self, kind: str) -> bool:
        """Whether it is probed in that way."""
        return any(probe.kind == kind for probe in self.probes)


def read(config_map: Mapping[str, Any]) -> tuple[Component, ...]:
    """Every component, in the platform's own order."""
    return tuple(_component(item) for item in json.loads(config_map["data"][KEY]))


def _component(item: Mapping[str, Any]) -> Component:
    return Component(
        name=item["name"],
        called=item["called"],
        issue=item["issue"],
        namespace=item["namespace"],
        part_of=item["part_of"],
        versions=item["versions"],
        links=tuple(Link(**link) for link in item["links"]),
        probes=tuple(Probe(**probe) for probe in item["probes"]),
    )
