"""The server keeps the access rules that it read last; after a change the kubelet has to bring the file, and somebody to say so."""

from __future__ import annotations

import time
from collections.abc import Sequence

from converge.components.component import Access, Difference
from converge.components.postgres.database import POD, server
from converge.errors import NotReady

BROUGHT_S = 120
ANNOTATION = "thinkube.dev/configuration"
"""A new value makes the kubelet look at the pod's configuration now, instead of within two minutes."""


class ReadRules:
    """PostgreSQL lets in and refuses as ConfigMap ``postgres`` says."""

    subject = "access rules of PostgreSQL"

    def __init__(self, access: Access) -> None:
        self._access = access
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        text, is_unread = self._seen()
        if text != self._wanted():
            return (Difference(self.subject, "file", wanted="as in ConfigMap postgres", seen="as before its change"),)
        if is_unread:
            return (Difference(self.subject, "in force", wanted="those of the file", seen="those before"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``.

        Raises:
            NotReady: the kubelet did not bring the file.
        """
        wanted = self._wanted()
        namespace, pod = POD
        until = time.monotonic() + BROUGHT_S
        if self._seen()[0] != wanted:
            self._access.api().patch("Pod", pod, namespace, patch={"metadata": {"annotations": {ANNOTATION: str(time.time_ns())}}})
        while self._seen()[0] != wanted:
            if time.monotonic() > until:
                raise NotReady(self.subject, seen=f"the kubelet did not bring the file within {BROUGHT_S} s")
            time.sleep(0.5)  # a file in a container cannot be watched
        self._server.run("SELECT pg_reload_conf();")

    def _seen(self) -> tuple[str, bool]:
        row = self._server.rows(
            "SELECT pg_read_file(current_setting('hba_file')) AS text,"
            " (pg_stat_file(current_setting('hba_file'))).modification > pg_conf_load_time() AS unread"
        )[0]
        return row["text"], row["unread"]

    def _wanted(self) -> str:
        namespace, _ = POD
        text: str = self._access.api().get("ConfigMap", "postgres", namespace)["data"]["pg_hba.conf"]
        return text
