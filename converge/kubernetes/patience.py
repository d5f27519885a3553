"""What a request that is repeated waits for: told to who watches, and ended early where only a person can help."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from converge.errors import Refused, Unreachable
from converge.kubernetes.webhooks import Webhook, failed_webhook

if TYPE_CHECKING:
    from converge.kubernetes.reader import Reader
    from converge.kubernetes.request import Request

GRACE_S = 20.0
"""How long nothing may happen behind what only a person can mend, before waiting for it ends: whoever installs something needs a moment."""

QUIET_S = 3.0
"""How long looking for the cause of trouble may take."""


class Patience:
    """One request's. ``tell`` hears ``ValidatingWebhookConfiguration x: failed calling webhook "x": … service "x" not found``.

    ``reader`` gives what the cluster is looked at through, for `QUIET_S` at most.
    """

    def __init__(self, request: Request, tell: Callable[[str], None], reader: Callable[[], Reader]) -> None:
        self._request = request
        self._tell = tell
        self._reader = reader
        self._shown = ""
        self._webhook: Webhook | None = None
        self._stuck_since = 0.0

    def again(self, seen: str) -> None:
        """It will be asked again, since the server said this.

        Raises:
            Refused: it has said so for `GRACE_S`, and nothing happens that could change it.
        """
        webhook = failed_webhook(self._reader(), seen)
        words = f"{webhook.registered_by}: {_without_preface(seen)}" if webhook else f"{self._request.subject}: {seen}"
        if words != self._shown:
            self._shown = words
            self._tell(words)
        now = time.monotonic()
        if webhook != self._webhook:
            self._webhook, self._stuck_since = webhook, now
        if webhook and not webhook.may_recover and now - self._stuck_since >= GRACE_S:
            raise Refused(self._request.subject, seen=seen, cause=self._blame(webhook), next_command=_next(webhook))

    def explained(self, error: Unreachable) -> Unreachable:
        """The error of a request that was repeated to no end, with the webhook that was to blame."""
        if self._webhook:
            error.cause = f"{self._blame(self._webhook)}; {error.cause}"
            error.next_command = _next(self._webhook)
        return error

    def _blame(self, webhook: Webhook) -> str:
        stuck_s = time.monotonic() - self._stuck_since
        return str(webhook) if webhook.may_recover else f"{webhook}; nothing happened there for {stuck_s:.0f} s"


def _without_preface(seen: str) -> str:
    """From the webhook on: ``500 InternalError: Internal error occurred:`` says less."""
    start = max(seen.find("failed calling webhook"), seen.find("conversion webhook for"), 0)
    return seen[start:]


def _next(webhook: Webhook) -> str:
    name = webhook.registered_by.kubectl
    if webhook.may_recover or webhook.registered_by.kind == "CustomResourceDefinition":
        return f"kubectl get {name} -o yaml"
    return f"kubectl get {name} -o yaml\nkubectl delete {name}  # where nobody needs it any more"
