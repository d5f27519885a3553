"""The server keeps the certificate that it read last; after a renewal somebody has to tell it."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Access, Difference
from converge.components.postgres.database import server


class ServedCertificate:
    """PostgreSQL serves the certificate that cert-manager issued last."""

    subject = "certificate of PostgreSQL"

    def __init__(self, access: Access) -> None:
        self._server = server(access)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        query = "SELECT (pg_stat_file(current_setting('ssl_cert_file'))).modification > pg_conf_load_time() AS renewed"
        if self._server.rows(query)[0]["renewed"]:
            return (Difference(self.subject, "served", wanted="the renewed one", seen="the one before"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server.run("SELECT pg_reload_conf();")
