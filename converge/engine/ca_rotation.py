"""Replaces the platform's CA without a moment in which somebody meets a certificate that it does not trust.

The next CA is trusted everywhere beside the present one, then it signs and everything is issued anew, then the one before is left. How far
it is, is kept in the CA's own Secret, so a rotation that was interrupted is run again; meanwhile any other run keeps both trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge import authority
from converge.components.cert_manager import authority as kept
from converge.components.cert_manager.authority import NEXT, PREVIOUS
from converge.engine.outcome import Result
from converge.engine.reconcile import converge
from converge.errors import NotReady, Refused
from converge.kubernetes.rollback import exists
from converge.progress import State

if TYPE_CHECKING:
    from converge.engine.platform import Platform

AGAIN = "thinkube certificates rotate-ca"


class CaRotation:
    """``CaRotation(platform).run()``; ``left`` and ``signs`` describe the CA before and the one of now."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.left = self.signs = ""

    def run(self) -> None:
        """Bring a new CA, or the one that the inventory names now, into force everywhere.

        Raises:
            NotReady: there is no CA yet, or a component did not follow; asking again carries on.
            Refused: the inventory names the CA that signs already.
        """
        api = self._platform.api
        secret = kept.find(api)
        current = kept.signing(secret) if secret else None
        if secret is None or current is None or authority.fault(current):
            raise NotReady(kept.SUBJECT, seen="there is none that can sign", next_command="pytest features/ -m cert-manager")
        self._platform.take_lease()
        if not kept.phase(secret):
            self._note("make the next CA known")
            kept.begin(api, self._following(current))
        if kept.phase(kept.find(api)) == NEXT:
            self._converge_all("trusting both")
            self._note("let the next CA sign")
            kept.swap(api, kept.find(api) or {})
        if kept.phase(secret := kept.find(api)) == PREVIOUS:
            self.left = _described(kept.trusted(secret, PREVIOUS))
            self._converge_all("issued by the new CA")
            self._note("leave the CA before")
            kept.leave(api)
        self._converge_all("trusting the new CA only")
        self.signs = _described(kept.trusted(kept.find(api), "tls"))

    def _following(self, current: authority.Authority) -> authority.Authority:
        given = kept.given(self._platform.context)
        if given == current:
            raise Refused(
                "another CA",
                seen="the inventory names the one that signs already",
                next_command=f"name another one under issuer in the inventory, then {AGAIN}",
            )
        return given or authority.make(f"{self._platform.inventory.domain_name} CA")

    def _converge_all(self, what: str) -> None:
        """Everything that is there, in the order in which components need each other."""
        for name in self._platform.graph.closure(self._platform.components):
            if not exists(self._platform.api, name):
                continue
            self._note(f"{name}: {what}")
            outcome = converge(self._platform, name)
            if outcome.result is not Result.CONVERGED:
                raise NotReady(f"{name} {what}", seen=outcome.text, next_command=AGAIN)

    def _note(self, detail: str) -> None:
        self._platform.progress.note("CA", State.CHANGED, detail)


def _described(pem: str) -> str:
    return authority.describe(authority.certificates(pem)[0]) if pem else ""
