"""One writer at a time: a Lease that is renewed while we live, and taken over when its holder is dead."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from converge.errors import NotReady, ThinkubeError
from converge.kubernetes.applyset import ensure_system_namespace
from converge.kubernetes.client import Api
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import SYSTEM_NAMESPACE, KubernetesObject, Ref
from converge.kubernetes.wait import wait_until
from converge.progress import SILENCE, Progress, State

NAME = "converge"
DURATION_S = 30
"""A holder that has not renewed for so long is dead."""

_RENEW_S = 8.0
_RETRY_S = 1.0


def this_process() -> str:
    """``host:1234``: says for whom another run waits."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Lease:
    """The right to write to this platform: ``with Lease(api).acquired(600):``.

    ``on_lost`` is called once, from another thread, when the lease could not be kept: stop writing then.
    """

    def __init__(
        self, api: Api, *, holder: str = "", on_lost: Callable[[str], None] | None = None, name: str = NAME, duration_s: float = DURATION_S
    ) -> None:
        self.holder = holder or this_process()
        self.is_held = False
        self._api = api.view(patience_s=5)
        self._name = name
        self._duration_s = duration_s
        self._on_lost = on_lost
        self._released = threading.Event()
        self._thread: threading.Thread | None = None
        self._renewed = 0.0

    def acquire(self, deadline_s: float, progress: Progress = SILENCE) -> Lease:
        """Take the lease, or wait until its holder gives it up or is dead for ``duration_s``.

        Raises:
            NotReady: somebody else holds it still at the deadline.
        """
        deadline = time.monotonic() + deadline_s
        seen: tuple[str, float] = ("", 0.0)
        has_waited = False

        def waiting(words: str) -> None:
            nonlocal has_waited
            has_waited = True
            progress.note("lease", State.WAITING, words)

        api = self._api.view(waiting=waiting)
        while True:
            current = api.find("Lease", self._name, SYSTEM_NAMESPACE)
            version = current["metadata"]["resourceVersion"] if current else ""
            if version != seen[0]:
                seen = (version, time.monotonic())  # its age by our own clock, since the holder's may be wrong
            holder = _holder(current)
            expires = seen[1] + self._lasting(current)
            if not holder or holder == self.holder or time.monotonic() >= expires or self._is_dead_here(holder):
                if self._take(api, current):
                    if has_waited:
                        progress.note("lease", State.DONE)
                    return self
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotReady(
                    "to be the only one who converges this platform",
                    seen=f"{holder} holds the lease {SYSTEM_NAMESPACE}/{self._name}",
                    cause=f"another run is under way; if it is dead, its lease ends {DURATION_S} s after its last sign of life",
                    next_command=f"kubectl get lease {self._name} -n {SYSTEM_NAMESPACE} -o yaml",
                )
            waiting(f"{holder} is converging this platform")
            self._wait_for_change(version, min(left, max(0.05, expires - time.monotonic())))

    def release(self) -> None:
        """Give it up, so that the next run need not wait; quiet where it was lost already."""
        self._released.set()
        if self._thread:
            self._thread.join(timeout=10)
        if not self.is_held:
            return
        self.is_held = False
        try:
            current = self._api.find("Lease", self._name, SYSTEM_NAMESPACE)
            if current and _holder(current) == self.holder:
                current["spec"] |= {"holderIdentity": "", "renewTime": _now()}
                self._api.replace(current)
        except ThinkubeError:
            return  # it expires by itself

    def regain(self) -> bool:
        """Hold it again after it could not be kept; False where anybody else has had it since, or may have.

        So a run goes on after the API server was away for longer than the lease lasts: nobody else wrote meanwhile.
        """
        current = self._api.find("Lease", self._name, SYSTEM_NAMESPACE)
        return current is not None and _holder(current) == self.holder and self._take(self._api, current)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self, api: Api, current: KubernetesObject | None) -> bool:
        now = _now()
        spec: dict[str, Any] = {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": max(1, round(self._duration_s)),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": int(((current or {}).get("spec") or {}).get("leaseTransitions") or 0) + 1,
        }
        try:
            if current is None:
                ensure_system_namespace(api)
                metadata = {"name": self._name, "namespace": SYSTEM_NAMESPACE}
                api.create({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec})
            else:
                api.replace({**current, "spec": spec})
        except ApiRefused as refused:
            if refused.code == 409:  # another was quicker
                return False
            raise
        self.is_held, self._renewed = True, time.monotonic()
        self._released.clear()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()
        return True

    def _keep(self) -> None:
        pause = min(_RENEW_S, self._duration_s / 4)
        while not self._released.wait(pause):
            pause = min(_RENEW_S, self._duration_s / 4)
            try:
                current = self._api.find("Lease", self._name, SYSTEM_NAMESPACE)
                holder = _holder(current)
                if current is None or holder != self.holder:
                    self._lose(f"{holder} took it" if holder else "it was deleted")
                    return
                current["spec"]["renewTime"] = _now()
                self._api.replace(current)
                self._renewed = time.monotonic()
            except ThinkubeError as error:
                if time.monotonic() - self._renewed > self._duration_s * 0.8:
                    self._lose(error.seen or str(error))
                    return
                pause = min(_RETRY_S, self._duration_s / 10)

    def _lose(self, why: str) -> None:
        self.is_held = False
        if self._on_lost:
            self._on_lost(why)

    def _lasting(self, current: KubernetesObject | None) -> float:
        return float(((current or {}).get("spec") or {}).get("leaseDurationSeconds") or self._duration_s)

    def _is_dead_here(self, holder: str) -> bool:
        """Whether the holder was a process of this machine that is gone: nobody needs to wait for it."""
        host, _, pid = holder.rpartition(":")
        if host != socket.gethostname() or not pid.isdigit():
            return False
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def _wait_for_change(self, version: str, seconds: float) -> None:
        ref = Ref("Lease", self._name, SYSTEM_NAMESPACE, "coordination.k8s.io/v1")
        try:
            wait_until(self._api, ref, lambda obj: obj is None or obj["metadata"]["resourceVersion"] != version, seconds)
        except NotReady:
            return


def _holder(lease: KubernetesObject | None) -> str:
    return str(((lease or {}).get("spec") or {}).get("holderIdentity") or "")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
