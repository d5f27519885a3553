"""Who asks: the login proxy says it in headers, and proves with a password of its own that it is the proxy who says so.

oauth2-proxy takes these headers away from what a browser sends, and sets them anew.
Source: oauth2-proxy 7.15, ``--pass-user-headers`` and ``--basic-auth-password``.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.datastructures import Headers


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in."""

    name: str
    groups: frozenset[str] = frozenset()


class Doorkeeper:
    """Tells people by the proxy's headers: ``Doorkeeper(Path("/proxy/password")).person(request.headers)``."""

    def __init__(self, password: Path) -> None:
        self._password = password

    def person(self, headers: Headers) -> Person | None:
        """Who asks; None where the request did not come from the proxy, whatever its headers say."""
        if not secrets.compare_digest(_password(headers.get("authorization", "")), self._password.read_bytes().strip()):
            return None
        groups = {name.strip() for line in headers.getlist("x-forwarded-groups") for name in line.split(",")}
        name = headers.get("x-forwarded-preferred-username") or headers.get("x-forwarded-user", "")
        return Person(name, frozenset(groups - {""}))


def _password(header: str) -> bytes:
    """The password of ``Basic dXNlcjpwYXNzd29yZA==``; nothing that opens anything where it is none."""
    kind, _, value = header.partition(" ")
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2] if kind == "Basic" else b""
    except binascii.Error:
        return b""
