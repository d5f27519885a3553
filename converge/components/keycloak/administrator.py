"""Keycloak's own administrator. Keycloak keeps the password, a person may change it, and then that is not undone by itself.

Where the Secret is what changed (it was lost and made anew), nobody can mind: Keycloak is told by its own recovery. Which of the two it
was, the Secret says: it is marked once Keycloak has accepted the value in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from converge.apis.keycloak import Keycloak, Realm, WrongAdministrator, if_there
from converge.components.keycloak import recovery
from converge.components.keycloak.realm import ADMINISTRATOR_SECRET, realm
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, Difference, GeneratedSecret, Setting
from converge.inventory import Inventory
from converge.kubernetes.objects import KubernetesObject, annotations_of

ACCEPTED = "thinkube.dev/accepted"
"""The annotation of the Secret that holds a digest of the value which Keycloak has accepted."""


class AcceptedAdministrator:
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
            if self._was_accepted():
                raise
            return (Difference(self.subject, "password", wanted="(secret)", seen="(another)"),)
        found = [Difference(self.subject, f"temporary {user['username']}", wanted=None, seen="there") for user in left]
        if not self._was_accepted():
            found.append(Difference(self.subject, "password in its Secret", wanted="marked as accepted", seen="not marked"))
        return found

    def write(self) -> None:
        """See ``Setting.write``."""
        try:
            for user in recovery.leftovers(self._master):
                if_there(self._master.admin.delete_user, user["id"])
        except WrongAdministrator:
            recovery.recover(self._inventory, self._access, {"username": "admin", "password": self._password()})
        notes = {"annotations": {ACCEPTED: self._digest(self._secret())}}
        self._access.api().patch("Secret", ADMINISTRATOR_SECRET, "keycloak", {"metadata": notes})

    def _was_accepted(self) -> bool:
        secret = self._secret()
        return annotations_of(secret).get(ACCEPTED) == self._digest(secret)

    def _digest(self, secret: KubernetesObject) -> str:
        """Of the value in this very Secret: in one that is made anew nothing was accepted."""
        return hashlib.sha256(f"{secret['metadata']['uid']} {self._password()}".encode()).hexdigest()[:16]

    def _secret(self) -> KubernetesObject:
        return self._access.api().get("Secret", ADMINISTRATOR_SECRET, "keycloak")

    def _password(self) -> str:
        return self._access.secret("keycloak", ADMINISTRATOR_SECRET, "password")


class Administrator(PartWithSecret):
    """Keycloak's own administrator (realm master): Keycloak keeps the password itself."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, ADMINISTRATOR_SECRET, {"username": "=admin", "password": "password"})

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.settings``."""
        return (AcceptedAdministrator(context.inventory, access),)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        url = f"https://{context.inventory.host('auth')}"

        def master(values: Mapping[str, str]) -> Realm:
            return Keycloak(access.http, url, values["username"], lambda: values["password"]).realm("master")

        def accepts(values: Mapping[str, str]) -> bool:
            try:
                return master(values).read() is not None
            except WrongAdministrator:
                return False

        def change(old: Mapping[str, str], new: Mapping[str, str]) -> None:
            if not accepts(new):
                recovery.write_password(master(old), new)

        recover = lambda values: recovery.recover(context.inventory, access, values)  # noqa: E731
        return (Credential(self.secret, accepts, change, needs_restart=False, recover=recover),)
