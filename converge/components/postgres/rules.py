"""The server keeps the access rules that it read last; after a change the kubelet has to bring the file, and somebody to say so."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.postgres.server import POD, server
from converge.components.terms import Access, Difference
from converge.kubernetes.mounted import wait_until_brought


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
        wait_until_brought(self._access.api(), *POD, self.subject, lambda: self._seen()[0] == wanted)
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
