"""The lease of the one who writes: taken in the cluster before the first write, and given back at the end."""

from __future__ import annotations

import time

from converge.errors import NotReady
from converge.kubernetes.client import Api
from converge.kubernetes.lease import Lease
from converge.progress import Progress


class WriterLease:
    """Holds the Lease from its creation on: ``since`` that moment (`time.monotonic`) nobody else writes.

    Raises:
        NotReady: another run still holds it after ``deadline_s``.
    """

    def __init__(self, api: Api, deadline_s: float, progress: Progress) -> None:
        self._lost_because = ""
        self._lease = Lease(api, on_lost=self._lost).acquire(deadline_s, progress)
        self.since = time.monotonic()

    def check(self) -> None:
        """Raise NotReady where it was lost meanwhile, and somebody else may be writing; one that nobody has taken is held again."""
        if self._lost_because and self._lease.regain():
            self._lost_because = ""
        if self._lost_because:
            raise NotReady("to be the only one who converges this platform", seen=f"the lease was lost: {self._lost_because}")

    def release(self) -> None:
        """Let others write."""
        self._lease.release()

    def _lost(self, why: str) -> None:
        self._lost_because = why
