"""The key with which the server encrypts people's sessions.

The server would make it by itself, in a Secret that nobody knows whose it is and that would outlive a rollback.
Source: Argo Workflows v3.7.3, server/auth/sso/sso.go.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from converge.components.differences import absent
from converge.components.terms import Difference
from converge.kubernetes.desired import COMPONENT

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

NAME = "sso"
KEY = "cookieEncryptionPrivateKey"


class CookieKey:
    """Secret ``sso``: an RSA key in PKCS 1, as bytes. It goes with the component: everybody signs in again."""

    subject = f"Secret {NAME} for sessions"
    within = ""

    def __init__(self, namespace: str, api: Callable[[], Api]) -> None:
        self._namespace = namespace
        self._api = api

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        return () if self.is_there() else absent(self.subject)

    def write(self) -> None:
        """See ``Setting.write``."""
        metadata = {"name": NAME, "namespace": self._namespace, "labels": {COMPONENT: "argo-workflows"}}
        data = {KEY: base64.b64encode(_made()).decode()}
        self._api().create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data})

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._api().find("Secret", NAME, self._namespace) is not None

    def remove(self) -> None:
        """See ``Removable.remove``."""
        self._api().delete("Secret", NAME, self._namespace)


def _made() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
