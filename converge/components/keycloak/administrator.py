"""Keycloak's own administrator. Keycloak keeps the password, a person may change it, and then that is not undone by itself.

Where the Secret is what changed (it was lost and made anew), nobody can mind: Keycloak is told by its own recovery.
"""

from __future__ import annotations

from collections.abc import Sequence

from converge.apis.keycloak import WrongAdministrator
from converge.components.component import Access, Difference
from converge.components.keycloak import recovery
from converge.components.keycloak.realm import ADMINISTRATOR_SECRET, realm
from converge.inventory import Inventory
from converge.secrets import written_at


class Administrator:
    """Keycloak lets its administrator in with the Secret's password, and has no temporary one."""

    subject = "administrator of Keycloak"

    def __init__(self, inventory: Inventory, access: Access) -> None:
        self._inventory = inventory
        self._access = access
        self._master = realm(inventory, access, "master")

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``.

        Raises:
            WrongAdministrator: somebody changed the password in Keycloak; it names the ways back.
        """
        try:
            left = recovery.leftovers(self._master)
        except WrongAdministrator:
            if not self._is_secret_newer():
                raise
            return (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)
        return [Difference(self.subject, f"temporary {user['username']}", wanted=None, seen="there") for user in left]

    def write(self) -> None:
        """See ``Setting.write``."""
        try:
            for user in recovery.leftovers(self._master):
                self._master.remove(f"users/{user['id']}")
        except WrongAdministrator:
            password = self._access.secret("keycloak", ADMINISTRATOR_SECRET, "password")
            recovery.recover(self._inventory, self._access, {"username": "admin", "password": password})

    def _is_secret_newer(self) -> bool:
        """Whether the Secret was written after the server's pod was made: then it is the Secret that changed."""
        api = self._access.api()
        written = written_at(api.get("Secret", ADMINISTRATOR_SECRET, "keycloak"))
        pods = api.list("Pod", "keycloak", labels="app.kubernetes.io/name=keycloak")
        return any(pod["metadata"]["creationTimestamp"] < written for pod in pods)
