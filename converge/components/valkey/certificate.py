"""A server keeps the certificate that it read last; after a renewal the kubelet has to bring the file, and somebody to say so."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from converge.components.terms import Access, Difference
from converge.components.valkey.server import NAMESPACE, server
from converge.kubernetes.mounted import wait_until_brought

READ = "/tmp/certificate-read"  # noqa: S108 (inside the pod; its time says when the certificate was read)
FILES = {"tls-cert-file": "/tls/tls.crt", "tls-key-file": "/tls/tls.key", "tls-ca-cert-file": "/tls/ca.crt"}


class ServedCertificate:
    """A server of Valkey's serves the certificate that cert-manager issued last."""

    def __init__(self, pod: str, secret: str, access: Access) -> None:
        self.subject = f"certificate of {pod}"
        self._pod = pod
        self._secret = secret
        self._access = access
        self._server = server(access, pod)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        if self._read() != self._issued() or self._run("find", "-L", FILES["tls-cert-file"], "-newer", READ).strip():
            return (Difference(self.subject, "served", wanted="the renewed one", seen="the one before"),)
        return ()

    def write(self) -> None:
        """See ``Setting.write``; naming the files again makes the server read them.

        Raises:
            NotReady: the kubelet did not bring them.
        """
        issued = self._issued()
        wait_until_brought(self._access.api(), NAMESPACE, self._pod, self.subject, lambda: self._read() == issued)
        self._server.ask("CONFIG", "SET", *[word for row in FILES.items() for word in row])
        self._run("touch", READ)

    def _read(self) -> str:
        return self._run("cat", FILES["tls-cert-file"]).strip()

    def _issued(self) -> str:
        return base64.b64decode(self._access.api().get("Secret", self._secret, NAMESPACE)["data"]["tls.crt"]).decode().strip()

    def _run(self, *argv: str) -> str:
        return self._access.execute(NAMESPACE, self._pod, argv, "")
