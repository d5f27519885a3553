"""Room on the disk, measured before anything is built."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converge import surroundings
from converge.errors import Missing

SCRATCH = 4
"""A build needs about this many times the room of the image while it runs."""

COMPILING_MIB = 1200
"""What one program's modules and compiled packages take in Go's own caches, about."""


@dataclass(frozen=True)
class Need:
    """Something that is to be made, and the MiB that it will take."""

    mib: int
    image: bool = False
    compiled: bool = False


def require(folder: Path, needs: Sequence[Need]) -> None:
    """See that the disks below ``folder`` and below Go's caches have room for all of it.

    Raises:
        Missing: a disk has not; says how much there is and how much it takes.
    """
    cache = sum(need.mib for need in needs) + SCRATCH * max((need.mib for need in needs if need.image), default=0)
    compiling = COMPILING_MIB * sum(need.compiled for need in needs)
    go = Path(os.environ.get("GOCACHE") or surroundings.home() / ".cache" / "go-build")
    if _disk(folder) == _disk(go):
        _require(folder, cache + compiling, len(needs))
    else:
        _require(folder, cache, len(needs))
        _require(go, compiling, len(needs))


def _require(folder: Path, needed: int, count: int) -> None:
    free = shutil.disk_usage(_existing(folder)).free >> 20
    if free < needed:
        raise Missing(
            f"{needed} MiB free at {folder}",
            seen=f"{free} MiB",
            cause=f"{count} images and programs are to be built or pulled",
            next_command="thinkube images gc, or set THINKUBE_CACHE to a larger disk",
        )


def _disk(folder: Path) -> int:
    return _existing(folder).stat().st_dev


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
