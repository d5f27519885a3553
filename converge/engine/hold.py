"""Being the one who writes: the Lease in the cluster, taken before the first write and given back at the end."""

from __future__ import annotations

import os
import platform
import threading

from converge.errors import NotReady
from converge.kubernetes.client import Api
from converge.kubernetes.lease import Lease
from converge.progress import Progress


class Hold:
    """Holds the Lease from its creation on.

    Raises:
        NotReady: another run still holds it after ``deadline_s``.
    """

    def __init__(self, api: Api, deadline_s: float, progress: Progress) -> None:
        self._lost = threading.Event()
        self._lease = Lease(api, holder=f"{platform.node()}:{os.getpid()}", on_lost=self._lost.set)
        self._lease.acquire(deadline_s, progress)

    def check(self) -> None:
        """Raise NotReady where another run has taken over meanwhile."""
        if self._lost.is_set():
            raise NotReady("to be the only one who writes", seen="the Lease thinkube-system/converge was taken over by another run")

    def release(self) -> None:
        """Let others write."""
        self._lease.release()
