"""The Git server keeps a commit, and the key that may read it."""

from __future__ import annotations

from collections.abc import Iterator

from converge.acceptance.commits import GitPod
from converge.components.git import consumers
from converge.engine.platform import Platform
from steps.keepsakes import Check, keepsake
from steps.repositories import TEXT, WayTo, clone_has


@keepsake("git")
def pushed(platform: Platform, git_pod: GitPod, way_to: WayTo) -> Iterator[Check]:
    with consumers.repository(platform.access) as name, consumers.deploy_key(platform.access, name, "write") as key:
        git_pod.push(way_to("SSH", key), TEXT)

        def find() -> None:
            for way in ("SSH", "HTTPS"):
                clone_has(git_pod, way_to, key, way)

        yield find
