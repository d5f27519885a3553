"""Which version of its product an image holds, as far as the catalog says it."""

from __future__ import annotations

import re

from converge.images import jars
from converge.images.catalog import Catalog, GoArtifact, JarsArtifact, MavenArtifact, PyPiArtifact, PythonArtifact, recipe

WANTED = "requirements.in"
"""What a lock pins, the product first."""

_SAID = re.compile(r"=(v?[0-9][^ =]*)$")
"""``-X main.VERSION=v0.0.30``."""


def published(catalog: Catalog, name: str) -> str:
    """That of an image as its makers publish it, its tag: ``26.7.4``; empty where nobody publishes it."""
    upstream = catalog.images[name].upstream
    return upstream[0].partition("@")[0].rpartition("/")[2].partition(":")[2] if upstream else ""


def built(catalog: Catalog, name: str) -> str:
    """That of an image built here, by what it is built of; it may be another than the published one.

    The Debian archive says it by its day: ``Debian 2026-11-23``. Empty for what is our own.
    """
    image = catalog.images[name]
    if image.built_as:
        return built(catalog, image.built_as)
    for needed in image.artifacts:
        match catalog.artifacts[needed]:
            case PythonArtifact():
                return (recipe(needed) / WANTED).read_text(encoding="utf-8").split()[0].partition("==")[2]
            case PyPiArtifact(requirement=requirement):
                return requirement.partition("==")[2]
            case MavenArtifact(coordinate=coordinate):
                return coordinate.split(":")[2]
            case JarsArtifact():
                return jars.version(needed)
            case GoArtifact(ldflags=flags):
                return next((found[1] for flag in flags if (found := _SAID.search(flag))), "")
    if image.from_ == "base" and image.upstream:
        return " ".join(filter(None, (image.version, f"Debian {catalog.debian.day}")))
    return image.version
