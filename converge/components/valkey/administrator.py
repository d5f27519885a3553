"""The administrator's password: a server takes it at its start, and somebody may have changed it in the running one."""

from __future__ import annotations

import time
from collections.abc import Sequence

from converge.apis.valkey import CommandRefused
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, Difference, GeneratedSecret, Setting
from converge.components.valkey.server import ADMINISTRATOR_SECRET, NAMESPACE, server
from converge.components.valkey.user import login
from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import wait_until, wait_until_ready

RESTART_S = 180


class Administrator(PartWithSecret):
    """Whoever may do everything; every server takes the password at its start."""

    def __init__(self, owner: Owner, pods: Sequence[str]) -> None:
        self.secret = GeneratedSecret(owner.namespace, ADMINISTRATOR_SECRET, {"username": "=default", "password": "password"})
        self._pods = pods

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return [AdministratorPassword(pod, access) for pod in self._pods]

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        return (login(self.secret, access),)


class AdministratorPassword:
    """A server knows its administrator by the Secret's password; every start sets it, so a server that has another is started anew."""

    def __init__(self, pod: str, access: Access) -> None:
        self.subject = f"administrator of {pod}"
        self._pod = pod
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        password = self._access.secret(NAMESPACE, ADMINISTRATOR_SECRET, "password")
        try:
            server(self._access, self._pod).ask("AUTH", "default", password)
        except CommandRefused as refused:
            if "WRONGPASS" not in refused.seen:
                raise
            return (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``: its pod is replaced; at most the last second of what was written is lost, as whenever it ends."""
        api = self._access.api()
        pod = api.get("Pod", self._pod, NAMESPACE)
        before = pod["metadata"]["uid"]
        api.delete("Pod", self._pod, NAMESPACE, uid=before)
        ends_at = time.monotonic() + RESTART_S
        wait_until(api, Ref.of(pod), lambda seen: seen is not None and seen["metadata"]["uid"] != before, RESTART_S, wanted="replaced")
        wait_until_ready(api, [pod], max(1.0, ends_at - time.monotonic()), progress=self._access.progress, subject=self.subject)
