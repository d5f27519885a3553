"""A server keeps the certificate that it read last; after a renewal somebody has to tell it."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.component import Access, Difference
from converge.components.valkey.users import NAMESPACE, server

READ = "/tmp/certificate-read"  # noqa: S108 (inside the pod; its time says when the certificate was read)
FILES = {"tls-cert-file": "/tls/tls.crt", "tls-key-file": "/tls/tls.key", "tls-ca-cert-file": "/tls/ca.crt"}


class ServedCertificate:
    """A server of Valkey's serves the certificate that cert-manager issued last."""

    def __init__(self, pod: str, access: Access) -> None:
        self.subject = f"certificate of {pod}"
        self._pod = pod
        self._access = access
        self._server = server(access, pod)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        if self._run("find", "-L", FILES["tls-cert-file"], "-newer", READ).strip():
            return (Difference(self.subject, "served", wanted="the renewed one", seen="the one before"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``; naming the files again makes the server read them."""
        self._server.ask("CONFIG", "SET", *[word for row in FILES.items() for word in row])
        self._run("touch", READ)

    def _run(self, *argv: str) -> str:
        return self._access.execute(NAMESPACE, self._pod, argv, "")
