"""An account that locks: what Keycloak has counted of somebody's wrong passwords, and the way back for an administrator.

Source: Keycloak 26, Admin REST API, "Attack Detection".
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converge.errors import NotReady, Refused

if TYPE_CHECKING:
    from converge.apis.keycloak import Realm

PAUSE_S = 0.1


@dataclass(frozen=True)
class Failures:
    """The wrong passwords counted since the last right one, and whether the account is locked now."""

    count: int
    is_locked: bool


class Lockout:
    """One account, as the realm's attack detection sees it."""

    def __init__(self, realm: Realm, identity: str, deadline_s: float) -> None:
        self._realm = realm
        self._identity = identity
        self._deadline_s = deadline_s

    def failures(self) -> Failures:
        """What is counted so far."""
        seen = self._realm.admin.get_bruteforce_detection_status(self._identity)
        return Failures(seen["numFailures"], seen["disabled"])

    def wait_until_counted(self, failures: int) -> None:
        """Wait until so many are counted: Keycloak may count a wrong password after it has answered.

        Raises:
            NotReady: fewer are counted at the deadline, or the realm does not count at all.
        """
        ends_at = time.monotonic() + self._deadline_s
        while (seen := self.failures()).count < failures:
            if not self._realm.admin.get_realm(self._realm.name)["bruteForceProtected"] or time.monotonic() > ends_at:
                raise NotReady(
                    f"{failures} wrong passwords counted", seen=f"{seen.count} are", next_command="pytest features/ -m keycloak --plan"
                )
            time.sleep(PAUSE_S)  # Keycloak tells nobody when it has counted

    def unlock(self) -> None:
        """Forget the wrong passwords, as an administrator does in the console.

        Raises:
            Refused: the account is still locked.
        """
        self._realm.admin.clear_bruteforce_attempts_for_user(self._identity)
        if self.failures().is_locked:
            raise Refused("an unlocked account", seen="locked", next_command="pytest features/ -m keycloak")
