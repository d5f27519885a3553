"""Begins before there is a cluster to obtain what components run, so that nodes and images are made at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converge.engine.platform import Platform


def prepare(platform: Platform, names: Iterable[str]) -> None:
    """Where no cluster runs yet that could have it all, begin in the background to obtain and load what these components run."""
    threading.Thread(target=_prepare, args=(platform, list(names)), name="prepare images", daemon=True).start()


def _prepare(platform: Platform, names: list[str]) -> None:
    """Node programs are obtained by the provider, which starts at the same time."""
    if platform.find_cluster() is None:
        for component in map(platform.component, names):
            wanted = (image for image in component.images if platform.images.availability(image) is None)
            platform.loading.begin(wanted, component.releases)
