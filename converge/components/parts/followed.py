"""A server that reads its certificate at its start only: where that was renewed since, its pods are replaced.

When the program was started counts, not when its pod was made: a pod waits for its files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from converge.components.terms import Difference, KubernetesObject
from converge.kubernetes import secrets

if TYPE_CHECKING:
    from converge.kubernetes.client import Api


class FollowedCertificate:
    """The programs of a workload (pods ``app=<name>``) were started after the Secret with their certificate was written."""

    def __init__(self, namespace: str, name: str, secret: str, api: Callable[[], Api], *, kind: str = "StatefulSet") -> None:
        self.subject = f"certificate of {name}"
        self._namespace = namespace
        self._name = name
        self._secret = secret
        self._api = api
        self._kind = kind

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        written = self._written()
        pods = self._api().list("Pod", self._namespace, labels=f"app={self._name}")
        if all(started >= written for pod in pods for started in _started(pod)):
            return ()
        return (Difference(self.subject, "served", wanted="the renewed one", seen="the one before"),)

    def write(self) -> None:
        """See ``Setting.write``: new pods take the renewed one."""
        annotations = {secrets.taken(self._secret): self._written()}
        self._api().patch(self._kind, self._name, self._namespace, {"spec": {"template": {"metadata": {"annotations": annotations}}}})

    def _written(self) -> str:
        return secrets.written_at(self._api().get("Secret", self._secret, self._namespace))


def _started(pod: KubernetesObject) -> list[str]:
    """When what runs in a pod was started; nothing of one that is on its way out."""
    if pod["metadata"].get("deletionTimestamp"):
        return []
    states = [status.get("state", {}).get("running") for status in (pod.get("status") or {}).get("containerStatuses") or ()]
    return [state["startedAt"] for state in states if state]
