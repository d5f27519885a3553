"""What an image holds of this checkout: its files by name and content, without what Python leaves beside them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from converge.places import source_root

LEFT = "__pycache__"


def files(held: Sequence[str]) -> list[tuple[Path, str]]:
    """Each file of these files and folders, with what tells its name and content apart: ``conftest.py 5f1c…``."""
    root = source_root()
    return [(path, f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}") for path in sorted(_found(root, held))]


def copy(held: Sequence[str], folder: Path) -> None:
    """Copy them to a folder, in their places."""
    for path, _ in files(held):
        place = folder / path.relative_to(source_root())
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)


def _found(root: Path, held: Sequence[str]) -> Iterator[Path]:
    for name in held:
        place = root / name
        found = [place] if place.is_file() else place.rglob("*")
        yield from (path for path in found if path.is_file() and LEFT not in path.parts)
