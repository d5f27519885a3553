"""Where the project keeps things on this machine: clusters (state) and what was built (cache)."""

from __future__ import annotations

import os
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
