"""The server keeps the certificate that it read last; after a renewal the kubelet has to bring the file, and somebody to say so."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from converge.components.postgres.server import POD, server
from converge.components.terms import Access, Difference
from converge.kubernetes.mounted import wait_until_brought


class ServedCertificate:
    """PostgreSQL serves the certificate that cert-manager issued last."""

    subject = "certificate of PostgreSQL"

    def __init__(self, secret: str, access: Access) -> None:
        self._secret = secret
        self._access = access
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        text, is_unread = self._seen()
        if is_unread or text != self._issued():
            return (Difference(self.subject, "served", wanted="the renewed one", seen="the one before"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``.

        Raises:
            NotReady: the kubelet did not bring the file.
        """
        issued = self._issued()
        wait_until_brought(self._access.api(), *POD, self.subject, lambda: self._seen()[0] == issued)
        self._server.run("SELECT pg_reload_conf();")

    def _seen(self) -> tuple[str, bool]:
        row = self._server.rows(
            "SELECT pg_read_file(current_setting('ssl_cert_file')) AS text,"
            " (pg_stat_file(current_setting('ssl_cert_file'))).modification > pg_conf_load_time() AS renewed"
        )[0]
        return row["text"], row["renewed"]

    def _issued(self) -> str:
        namespace, _ = POD
        return base64.b64decode(self._access.api().get("Secret", self._secret, namespace)["data"]["tls.crt"]).decode()
