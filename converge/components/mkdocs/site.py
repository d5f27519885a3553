"""What the documentation is called where, and what is seen of it: which commit is the newest, and which release is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.components.git.server import server
from converge.kubernetes.objects import annotations_of

if TYPE_CHECKING:
    from converge.components.terms import Access
    from converge.kubernetes.client import Api

NAMESPACE = "mkdocs"
HOST = "docs"
SERVER = "mkdocs-site"
"""The Deployment that serves a release, and its Service."""
BUILDER = "mkdocs-builder"
"""As whom workflows read pages and store releases."""
TEMPLATE = "mkdocs"
"""The WorkflowTemplate that builds."""
BUCKET = "mkdocs"
REPOSITORY = "docs"
PEOPLES = "main"
"""The branch that the site is built of: people's, and the platform's as long as nobody has pushed."""
PLATFORMS = "platform"
"""The branch that always holds the documentation as this version of the platform has it."""
RELEASE = "thinkube.dev/release"
"""The annotation of the server's pods that says which release they serve."""


def newest(access: Access) -> str:
    """The newest commit of what the site is built of; "" before there is one."""
    return server(access).branch(REPOSITORY, PEOPLES).commit


def release_of(commit: str, image: str) -> str:
    """What a commit's release is called, as ``mkdocs-release`` in that image names it."""
    return f"{commit}-{built_with(image)}"


def built_with(image: str) -> str:
    """Which image: ``5f1c0a2b3c4d5e6f`` of ``thinkube.local/mkdocs:5f1c0a2b3c4d5e6f``."""
    return image.rpartition(":")[2]


def key(release: str) -> str:
    """Where a release lies in the bucket."""
    return f"releases/{release}.tar.gz"


def delivered(api: Api) -> str:
    """Which release is to be served; "" where none is."""
    found = api.find("Deployment", SERVER, NAMESPACE)
    return annotations_of(found["spec"]["template"]).get(RELEASE, "") if found else ""
