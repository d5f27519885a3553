"""A password that a server takes only at its start, and somebody may have changed in the running one."""

from __future__ import annotations

import time
from collections.abc import Sequence

from converge.components.terms import Access, Difference
from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import wait_until, wait_until_ready

RESTART_S = 180


class PasswordFromStart:
    """A server knows a Secret's password (`is_known`); every start sets it, so a server that has another is started anew.

    The pod is a StatefulSet's, so its successor has its name: ``RootPassword("root of devpi", "devpi", "devpi-server-0", access)``.
    """

    def __init__(self, subject: str, namespace: str, pod: str, access: Access) -> None:
        self.subject = subject
        self._namespace = namespace
        self._pod = pod
        self._access = access

    def is_known(self) -> bool:
        """Whether the running server knows the password."""
        raise NotImplementedError

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        return () if self.is_known() else (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)

    def write(self) -> None:
        """See ``Setting.write``: the pod is replaced, and ends as whenever it ends."""
        api = self._access.api()
        pod = api.get("Pod", self._pod, self._namespace)
        before = pod["metadata"]["uid"]
        api.delete("Pod", self._pod, self._namespace, uid=before)
        ends_at = time.monotonic() + RESTART_S
        wait_until(api, Ref.of(pod), lambda seen: seen is not None and seen["metadata"]["uid"] != before, RESTART_S, wanted="replaced")
        wait_until_ready(api, [pod], max(1.0, ends_at - time.monotonic()), progress=self._access.progress, subject=self.subject)
