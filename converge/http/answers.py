"""What an answer means: a success, a temporary trouble, or a refusal that is told in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.errors import TEMPORARY, Refused, Unreachable

if TYPE_CHECKING:
    import requests

EXCERPT = 256
"""Characters of a foreign body that an error may show: enough to understand, too few to leak a document."""


def checked(response: requests.Response, what: str, *, log_command: str = "") -> requests.Response:
    """The response itself when it is a success; ``what`` names the request for people: "client minio of realm thinkube".

    ``log_command`` shows the server's own log, which says why where the fault is its own (500).

    Raises:
        Unreachable: a temporary status (404 of an ingress that has no route yet is the caller's to judge).
        Refused: any other status of 400 and above.
    """
    if response.status_code < 400:
        return response
    seen = f"{response.status_code} {response.reason}: {excerpt(response.text)}".rstrip(": ")
    next_command = log_command if response.status_code == 500 and log_command else "thinkube status"
    kind = Unreachable if response.status_code in TEMPORARY else Refused
    raise kind(what, seen=seen, next_command=next_command)


def excerpt(text: str) -> str:
    """The start of a foreign text on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= EXCERPT else flat[:EXCERPT] + "…"
