"""The digest of everything that an entry is made from; known in milliseconds, without making it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from pathlib import Path

from converge.images import checkout
from converge.images.cache import Key
from converge.images.catalog import ADDITIONS, FINISHING, Catalog, Entry, recipe

FORMAT = 1
"""Raised when the builder itself starts to make something else of the same inputs."""
RELEASES = "with JSON"
"""The form of a release's folder."""
ARTIFACT_SUFFIXES = frozenset((".go", ".mod", ".sum", ".lock", ".xml"))
"""Of a recipe's files that make the artifact of that name, beside its additions."""
LATER = frozenset(("completed", "built_as", "checkout"))
"""Fields that the catalog has learned since caches were filled: an entry without them keeps its key."""
COMPILED = "__pycache__"
"""What Python leaves beside sources of a recipe's that a test has imported."""


class Digests:
    """Keys of the entries of one catalog, each computed once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._keys: dict[tuple[str, str], Key] = {}

    def artifact(self, name: str) -> Key:
        """The key of an artifact."""
        return self._key("artifacts", name, self._catalog.artifacts[name], ())

    def programs(self) -> Key:
        """The key of the folder of all node programs."""
        return self._key("programs", "nodes", None, [self.artifact(name) for name in self._catalog.programs])

    def image(self, name: str) -> Key:
        """The key of an image built here."""
        name = self._catalog.built(name)
        image = self._catalog.images[name]
        needs = [self.image(image.from_)] if image.from_ else []
        needs += [self.artifact(needed) for needed in image.artifacts]
        # Only what Debian packages go into changes with the day: not a scratch image of one static program.
        debian = self._catalog.debian if name == "base" else None
        held = [text for _, text in checkout.files(image.checkout)] if image.checkout else ()
        return self._key("images", name, image, needs, debian, *held)

    def pulled(self, name: str) -> Key:
        """The key of an image as it is published."""
        finish = recipe(name) / FINISHING
        added = [text for _, text in _recipe_files(finish.parent, artifact=False)] if finish.exists() else []
        return self._key("pulled", name, None, (), *self._catalog.images[name].upstream, *added)

    def release(self, name: str) -> Key:
        """The key of a release's manifests."""
        release = self._catalog.releases[name]
        return self._key("releases", name, release, [self.artifact("helm")] if release.chart else [], RELEASES)

    def _key(self, kind: str, name: str, entry: Entry | None, needs: Iterable[Key], *further: Entry | str | None) -> Key:
        found = self._keys.get((kind, name))
        if found is None:
            inputs = {
                "format": FORMAT,
                "machine": platform.machine(),
                "entry": _plain(entry),
                "needs": [(need.kind, need.name, need.digest) for need in needs],
                "further": [_plain(item) for item in further],
                "recipe": _recipe_files(recipe(name), artifact=kind == "artifacts") if kind in ("artifacts", "images") else [],
            }
            digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]
            found = self._keys.setdefault((kind, name), Key(kind, name, digest))
        return found


def _plain(item: Entry | str | None) -> object:
    if not isinstance(item, Entry):
        return item
    # How much room something takes says nothing about what it is; and what no entry had before is told only where it says something.
    left_out = {"mib"} | {name for name in LATER if getattr(item, name, None) is None}
    return item.model_dump(mode="json", exclude=left_out)


def _recipe_files(folder: Path, *, artifact: bool) -> list[tuple[str, str]]:
    """A recipe's Go files, lock or additions make the artifact, all others the image of that name: either may change without the other."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and _is_source(path, folder) == artifact]
    files = [path for path in files if COMPILED not in path.parts]
    return [(str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]


def _is_source(path: Path, folder: Path) -> bool:
    return path.suffix in ARTIFACT_SUFFIXES or ADDITIONS in path.relative_to(folder).parts
