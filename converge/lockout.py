"""An account that locks: what Keycloak has counted of the wrong passwords, and the way back for an administrator.

Keycloak counts a failed login after it has answered it, and refuses a second one meanwhile without counting it.
So a guesser who wants to be counted asks what was counted before trying again.
Source: Keycloak 26, Server Administration Guide ("Password guess: brute force attacks"); Admin REST API, attack-detection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converge.components.keycloak.realm import HASTE_MS
from converge.errors import NotReady, Refused

if TYPE_CHECKING:
    from converge.apis.keycloak import Realm

PAUSE_S = 0.1


@dataclass(frozen=True)
class Failures:
    """What Keycloak knows of a person's failed logins."""

    count: int
    is_locked: bool


class Account:
    """A person's account as Keycloak's attack detection sees it."""

    def __init__(self, realm: Realm, identity: str, deadline_s: float, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._realm = realm
        self._path = f"attack-detection/brute-force/users/{identity}"
        self._deadline_s = deadline_s
        self._sleep = sleep

    def failures(self) -> Failures:
        """The failed logins counted so far, and whether the account is locked now."""
        seen = self._realm.read(self._path)
        return Failures(seen["numFailures"], seen["disabled"])

    def count_slowly(self, failures: int) -> None:
        """Wait until so many failed logins are counted, and until the next one is no hasty one.

        Returns at once where the realm does not count, and where the account is locked: further failures are not counted then.

        Raises:
            NotReady: fewer are counted at the deadline.
        """
        ends_at = time.monotonic() + self._deadline_s
        while (seen := self.failures()).count < failures and not seen.is_locked:
            if not self._realm.read()["bruteForceProtected"]:
                return
            if time.monotonic() > ends_at:
                raise NotReady(f"{failures} failed logins counted", seen=f"{seen.count}", next_command="thinkube status")
            self._sleep(PAUSE_S)
        if not seen.is_locked:
            self._sleep(HASTE_MS / 1000)

    def unlock(self) -> None:
        """Forget the failed logins, as an administrator does in the console.

        Raises:
            Refused: the account is still locked.
        """
        self._realm.remove(self._path)
        if self.failures().is_locked:
            raise Refused("an unlocked account", seen="locked", next_command="pytest features/ -m keycloak")
