"""Images as somebody else has found them: what a program inside the platform is told, which can neither build nor pull."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from converge.errors import Unavailable
from converge.images.store import Images

if TYPE_CHECKING:
    from converge.inventory import Inventory

REFERENCE = "reference"
VERSION = "version"
Telling = dict[str, dict[str, str]]
"""``{"valkey": {"reference": "thinkube.local/valkey:e479…", "version": "8.1.4"}}``."""


class ToldImages(Images):
    """Every answer is read; what nobody told of cannot be had here."""

    def __init__(self, inventory: Inventory, file: Path) -> None:
        super().__init__(inventory)
        self._told: Telling = json.loads(file.read_text(encoding="utf-8"))

    def references(self, name: str) -> tuple[str, ...]:
        """See ``Images.references``; one is enough for whoever loads nothing."""
        return (self._told[name][REFERENCE],) if name in self._told else super().references(name)

    def version(self, name: str) -> str:
        """See ``Images.version``."""
        return self._told[name][VERSION] if name in self._told else super().version(name)

    def availability(self, name: str) -> str | None:
        """None where the nodes run it."""
        return None if name in self._told else f"nobody inside the cluster was told of image {name}"

    def archive(self, name: str) -> Path:
        """Not offered.

        Raises:
            Unavailable: always.
        """
        raise Unavailable(f"image {name} as a file", seen="images are neither built nor pulled inside the cluster")

    def prepare(self, names: Iterable[str], *, programs: bool = False, releases: Iterable[str] = ()) -> None:
        """Nothing: the nodes have them."""
