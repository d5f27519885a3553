"""What the API server's answers mean: refused for good, or asked again later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from converge.errors import TEMPORARY, Refused

LONGEST_BODY = 256
"""A body that is no Status (a proxy's page, a dump) may hold anything, secrets included; this much tells what it is."""

_CAUSES = {
    401: "the credentials are not valid here (expired, or of another cluster)",
    403: "this identity is not allowed to do that",
    404: "it does not exist",
    413: "it is larger than the API server takes",
}


STORE_IS_LATE = "etcdserver: request timed out"


class ApiRefused(Refused):
    """The API server said no for good; ``code`` is the HTTP status, ``reason`` and ``causes`` are those of its Status.

    ``causes`` are (field, message) pairs: ``((".spec.replicas", 'conflict with "kubectl-edit" using apps/v1'),)``.
    """

    usual_next = "thinkube cluster status"

    def __init__(self, wanted: str, code: int, status: Mapping[str, Any], *, cause: str = "", next_command: str = "") -> None:
        self.code = code
        self.reason: str = status.get("reason") or ""
        self.message: str = status.get("message") or ""
        causes = (status.get("details") or {}).get("causes") or ()
        self.causes = tuple((cause.get("field", ""), cause.get("message", "")) for cause in causes)
        seen = f"{code} {self.reason}".strip() + (f": {self.message}" if self.message else "")
        super().__init__(wanted, seen=seen, cause=cause or _CAUSES.get(code, ""), next_command=next_command)


def read_status(body: bytes) -> dict[str, Any]:
    """The Status in a body; one made from the first characters where it is something else."""
    try:
        status = json.loads(body)
    except ValueError:
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        return status
    text = body.decode("utf-8", "replace").strip()
    return {"message": text if len(text) <= LONGEST_BODY else text[:LONGEST_BODY] + "…"}


def is_temporary(code: int, status: Mapping[str, Any], verb: str) -> bool:
    """Whether the same request may succeed later.

    A 409 of an apply or a patch that lost a race (reason Conflict, no causes) may: both are merged anew. One of a replace, which
    names the version that it replaces, or of field managers (with causes) may not. A 422 says that the object is wrong, and may: it is
    also how a Service is told that its address could not be written down in time (Kubernetes 1.37, service ipallocator).
    """
    if code == 422:
        return STORE_IS_LATE in str(status.get("message"))
    if code == 409:
        causes = (status.get("details") or {}).get("causes")
        return (
            verb in ("apply", "patch")
            and status.get("reason") == "Conflict"
            and not causes
            and "has been modified" in str(status.get("message"))
        )
    return code in TEMPORARY


def was_not_stored(status: Mapping[str, Any]) -> bool:
    """Whether a refusal came before anything was stored, so that even a create may be repeated: admission comes first."""
    return "failed calling webhook" in str(status.get("message"))
