"""What containerd holds once the system's images are imported, kept in the cache: a new node starts with it instead of importing again.

Files are shared by hard links where the file system allows: image content never changes in place (containers write to layers of
their own), so a node costs neither time nor room for it. The databases are copied.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from converge.nodes.embedded.layout import EmbeddedNode
from converge.process import ProgramFailed, run

FOLDERS = ("io.containerd.content.v1.content", "io.containerd.metadata.v1.bolt", "io.containerd.snapshotter.v1.overlayfs")
STAMP = "seed.json"
FORM = "2"
"""Raised when seeds of before are of no use: the first ones may have been unpacked under a strict umask, so that nobody may read them."""


@dataclass(frozen=True)
class Seed:
    """The imported form of some images; another set of images is another seed."""

    cache: Path
    key: str

    @classmethod
    def of(cls, cache: Path, references: Iterable[str]) -> Seed:
        """``of(cache_folder(), ["thinkube.local/kubernetes:5f1c…"])``; references hold digests, so content never changes under a key."""
        return cls(cache / "seeds", hashlib.sha256("\n".join((FORM, *sorted(references))).encode()).hexdigest()[:16])

    @property
    def folder(self) -> Path:
        """Where it is, if it is."""
        return self.cache / self.key

    def plant(self, node: EmbeddedNode) -> bool:
        """Give a node that has nothing yet the images; False where there is no whole seed. Its containerd does not run."""
        target = node.root / "var/lib/containerd"
        if any(target.iterdir()):
            return False
        if not self._is_whole():
            shutil.rmtree(self.folder, ignore_errors=True)
            return False
        _clone(self.folder, target)
        return True

    def keep(self, node: EmbeddedNode) -> None:
        """Keep what a node's containerd has just imported and nothing else was done with; older seeds go."""
        if self.folder.exists():
            return
        self.cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="new-", dir=self.cache))
        try:
            _clone(node.root / "var/lib/containerd", draft)
            (draft / STAMP).write_text(json.dumps(_measure(draft)))
            for old in [entry for entry in self.cache.iterdir() if not entry.name.startswith("new-")]:
                shutil.rmtree(old, ignore_errors=True)
            draft.rename(self.folder)
        except OSError:
            if not self.folder.exists():  # else another start was quicker
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _is_whole(self) -> bool:
        try:
            return bool(json.loads((self.folder / STAMP).read_text()) == _measure(self.folder))
        except (OSError, ValueError):
            return False


def _clone(source: Path, target: Path) -> None:
    for name in FOLDERS:
        try:
            run(["cp", "--archive", "--link", source / name, target], timeout_s=120)
        except ProgramFailed:  # another file system
            shutil.rmtree(target / name, ignore_errors=True)
            run(["cp", "--archive", "--reflink=auto", source / name, target], timeout_s=600)
        for database in (target / name).glob("*.db"):
            copy = database.with_suffix(".copy")
            shutil.copy2(database, copy)
            os.replace(copy, database)  # noqa: PTH105


def _measure(folder: Path) -> dict[str, int]:
    """How many files, and how large: what was deleted or cut short shows."""
    files = size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            if name != STAMP:
                files += 1
                size += Path(parent, name).lstat().st_size
    return {"files": files, "bytes": size}
