"""The documentation as those who write and read it see it: what becomes of a push, and when a page shows it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from converge.apis.argo import GROUP_VERSION
from converge.apis.git import hash_of
from converge.components.argo_workflows.component import NAMESPACE as WORKFLOWS
from converge.components.mkdocs import built, site
from converge.components.mkdocs.platform_pages import pages
from converge.errors import NotReady
from converge.kubernetes.objects import KubernetesObject, Ref, annotations_of
from converge.kubernetes.ready import readiness
from converge.places import source_root

if TYPE_CHECKING:
    from converge.components.login_proxy.session import ProxiedSession
    from converge.components.terms import Access

PAUSE_S = 0.2
"""Pods that serve another release are taken up by the nodes, which tell nobody when."""


def wait_until_delivered(access: Access, commit: str, deadline_s: float) -> None:
    """Wait until the release of a commit is served by every pod.

    Raises:
        NotReady: another one is.
    """
    from converge.kubernetes.wait import wait_until

    def serves(seen: KubernetesObject | None) -> bool:
        release = annotations_of(seen["spec"]["template"]).get(site.RELEASE, "") if seen else ""
        return seen is not None and release.startswith(f"{commit}-") and readiness(seen).is_ready

    ref = Ref("Deployment", site.SERVER, site.NAMESPACE, "apps/v1")
    wait_until(access.api(), ref, serves, deadline_s, wanted=f"the documentation at {commit[:8]} to be served")


def wait_until_failed(access: Access, commit: str, deadline_s: float) -> KubernetesObject:
    """The workflow that found that the pages of a commit cannot be built, when it has ended.

    Raises:
        NotReady: none has.
    """
    from converge.kubernetes.wait import wait_until_any

    wanted = f"a workflow that cannot build {commit[:8]}"
    ref = Ref("Workflow", "", WORKFLOWS, GROUP_VERSION)
    return wait_until_any(access.api(), ref, lambda seen: built.cannot_build(seen, commit), deadline_s, wanted=wanted)


def wait_until_says(documentation: ProxiedSession, path: str, word: str, deadline_s: float) -> None:
    """Wait until a page says something.

    Raises:
        NotReady: it does not.
    """
    end = time.monotonic() + deadline_s
    while word not in (answer := documentation.ask(path)).text:
        if time.monotonic() > end:
            raise NotReady(f"{path} of the documentation to say {word}", seen=f"{answer.status_code}: another page")
        time.sleep(PAUSE_S)


def platforms_files() -> Mapping[str, str]:
    """What this checkout has of the documentation: Git's hash of each file."""
    return {path: hash_of(data) for path, data in pages(source_root()).items()}


def path_of(file: str) -> str:
    """Where a page is shown: ``/how-to/rollback/`` for ``docs/how-to/rollback.md``."""
    name = file.removeprefix("docs/").removesuffix(".md").removesuffix("index").strip("/")
    return f"/{name}/" if name else "/"
