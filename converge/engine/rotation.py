"""Gives a generated Secret new values, and lets everything that uses it follow; the old ones stop working.

Both sets of values are kept in a Secret beside it until the end, so a rotation that was interrupted is simply run again:
each of its steps finds out whether it was done.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from converge.engine.outcome import Outcome, Result
from converge.engine.reconcile import Reconciliation
from converge.engine.secret_operation import SecretOperation
from converge.engine.secret_operation import declared as declared
from converge.errors import ThinkubeError
from converge.kubernetes import secrets
from converge.redaction import redact

if TYPE_CHECKING:
    from converge.engine.platform import Platform


def rotate(platform: Platform, name: str) -> Outcome:
    """Rotate the Secret ``keycloak/keycloak-admin``; never raises."""
    started_at, started = time.time(), time.monotonic()
    changes: tuple[str, ...] = ()
    result, text = Result.CONVERGED, ""
    try:
        rotation = Rotation(platform, *name.split("/", 1))
        rotation.run()
        changes = (f"rotate Secret {name}", *(f"restart {ref}" for ref in rotation.consumers))
    except ThinkubeError as error:
        result, text = Result.FAILED, redact(str(error))
    return Outcome(name, result, changes, started_at, time.monotonic() - started, text)


class Rotation(SecretOperation):
    """``Rotation(platform, "keycloak", "keycloak-database").run()``."""

    verb = "rotate"

    def run(self) -> None:
        """Replace the values everywhere.

        Raises:
            NotReady: something that uses them did not follow; asking again carries on.
        """
        api = self._platform.api
        self._platform.take_lease()
        old, new = self._pair()
        if self._credential:
            self._note("telling its product")
            self._credential.change(old, new)
        self._note("new values")
        secrets.replace(api, self.secret, new)
        Reconciliation(self._platform, self.component).write_prerequisites()
        self._restart()
        self._converge("the new values")
        if self._credential:
            self._wait_until(new, "the new values to be accepted", accepted=True)
            self._wait_until(old, "the old values to be refused", accepted=False)
        secrets.forget_rotation(api, self.secret)

    def _pair(self) -> tuple[dict[str, str], dict[str, str]]:
        """The old and the new values: those of a rotation that was interrupted, or new ones."""
        old, new = secrets.begin_rotation(self._platform.api, self.component.name, self.secret, self._now())
        return self._fixed() | old, self._fixed() | new
