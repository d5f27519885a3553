"""MLflow for whom the login proxy lets in: it proves with a password of its own that a request comes from it.

MLflow itself knows nobody, and whoever reaches its port may do everything. Started by ``mlflow server --app-name guarded``.
Source: MLflow 3.17, mlflow/server/__init__.py (``mlflow.app`` entry points); oauth2-proxy 7.15, ``--basic-auth-password``.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/health", "/version")
"""What tells nothing but that there is a server: kubelets ask it."""


class Guarded:
    """An application that answers only requests with the password of this file."""

    def __init__(self, application: Application, password: Path) -> None:
        self._application = application
        self._password = password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or refuse it; what is no request, such as the server's start, is nobody's."""
        if scope["type"] == "lifespan" or scope.get("path") in OPEN or self._is_vouched_for(scope):
            await self._application(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"only the login proxy may ask\n"})
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _is_vouched_for(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return secrets.compare_digest(_password(given), self._password.read_bytes().strip())


def _password(header: bytes) -> bytes:
    """The password of ``Basic dXNlcjpwYXNzd29yZA==``; nothing that opens anything where it is none."""
    kind, _, value = header.partition(b" ")
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2] if kind == b"Basic" else b""
    except binascii.Error:
        return b""


def __getattr__(name: str) -> Any:
    """``app``, when MLflow asks for it: what it is made of is imported only then."""
    if name != "app":
        raise AttributeError(name)
    from mlflow.server.fastapi_app import app as application

    made = globals()["app"] = Guarded(application, Path(os.environ["PROXY_PASSWORD_FILE"]))
    return made
