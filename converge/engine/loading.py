"""Images on their way into the nodes: each is obtained and loaded once a run, ahead of its component where there is time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from converge.errors import NotReady
from converge.nodes.provider import Cluster

if TYPE_CHECKING:
    from converge.images.store import Images

AT_ONCE = 3
"""Images that are built or pulled at the same time."""


class Loading:
    """Obtains images and loads them into the nodes as soon as there are any; ``cluster`` waits until there are."""

    def __init__(self, images: Images, cluster: Callable[[], Cluster]) -> None:
        self._images = images
        self._cluster = cluster
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[float]] = {}
        self._obtaining = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="obtain")
        self._loading = ThreadPoolExecutor(1, thread_name_prefix="load")

    def begin(self, names: Iterable[str], releases: Iterable[str] = ()) -> None:
        """Start with a component's releases and images, in this order; what goes wrong is told to whoever waits for it."""
        for release in releases:
            self._obtaining.submit(self._images.release, release)
        for name in names:
            self._future(name)

    def finish(self, names: Iterable[str]) -> float:
        """Wait until the nodes have these; returns when the last one came that a node lacked (seconds since 1970), 0 where none did.

        Raises:
            Unavailable: an image cannot be had.
            ProgramFailed: a build or a load failed; asked for again, it is tried again.
        """
        return max((future.result() for future in [self._future(name) for name in names]), default=0.0)

    def stop(self) -> None:
        """Begin nothing more; what had not begun fails."""
        self._obtaining.shutdown(wait=False, cancel_futures=True)
        self._loading.shutdown(wait=False, cancel_futures=True)

    def _future(self, name: str) -> Future[float]:
        with self._lock:
            future = self._under_way.get(name)
            if future is None or (future.done() and (future.cancelled() or future.exception() is not None)):
                try:
                    archive = self._obtaining.submit(self._images.archive, name)
                    future = self._under_way[name] = self._loading.submit(self._load, name, archive)
                except RuntimeError as error:
                    raise NotReady(f"image {name}", seen="the run is being stopped") from error
            return future

    def _load(self, name: str, archive: Future[Path]) -> float:
        lacked = self._cluster().load_images({self._images.reference(name): archive.result()})
        return time.time() if lacked else 0.0
