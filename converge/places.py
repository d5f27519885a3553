"""Where the project keeps things on this machine: clusters (state) and what was built (cache)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

DEFAULT_STATE = Path("/var/lib/thinkube")


def state_folder() -> Path:
    """Clusters, their data and credentials; ``THINKUBE_STATE`` moves it, e.g. to a larger disk."""
    return Path(os.environ.get("THINKUBE_STATE") or DEFAULT_STATE).absolute()


def cache_folder() -> Path:
    """What was built or downloaded, by content; may be deleted at any time. ``THINKUBE_CACHE`` moves it."""
    return Path(os.environ.get("THINKUBE_CACHE") or "/var/cache/thinkube").absolute()


def source_root() -> Path:
    """The folder that holds the ``converge`` package: a checkout's root."""
    return Path(__file__).resolve().parent.parent


def sockets_folder() -> Path:
    """Where sockets lie, whose paths may have only 100 characters: ``/tmp/thinkube-0``; ours alone.

    Raises:
        PermissionError: somebody else has made it, or may write to it.
    """
    folder = Path("/tmp") / f"thinkube-{os.geteuid()}"  # noqa: S108 - its owner and mode are looked at
    folder.mkdir(mode=0o700, exist_ok=True)
    seen = folder.lstat()
    if seen.st_uid != os.geteuid() or seen.st_mode & 0o077 or not stat.S_ISDIR(seen.st_mode):
        raise PermissionError(f"{folder} is not this user's alone")
    return folder
