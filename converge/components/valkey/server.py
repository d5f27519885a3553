"""The platform's Valkey and where it is."""

from __future__ import annotations

from converge.apis.valkey import Valkey
from converge.components.terms import Access

HOST = "valkey.valkey.svc"
"""The name that the certificate holds, and that leads to the server that takes writes."""
NAMESPACE = "valkey"
ADMINISTRATOR_SECRET = "valkey-admin"  # noqa: S105 (a name)
POD = "valkey-0"


def server(access: Access, pod: str = POD) -> Valkey:
    """A server, by default the one that takes writes, as its administrator, through the socket inside its pod."""
    return Valkey(lambda argv, stdin: access.execute(NAMESPACE, pod, argv, stdin))
