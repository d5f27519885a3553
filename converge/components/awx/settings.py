"""What AWX holds, as settings: items that are told apart by their names, and who administers it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.awx import Awx
from converge.apis.keycloak import Realm
from converge.components.represented import RemovableRepresentation
from converge.components.terms import Difference

CALLED = {"inventories": "inventory", "job_templates": "job template"}
"""What an item of a kind is called, where that is not the kind without its s."""

TEXTS = ("extra_vars", "variables")
"""Fields that hold JSON as text."""


class AwxItem(RemovableRepresentation):
    """An item of a kind; ``of`` are items that it belongs to, by the field that names each, and are there before it.

    ``AwxItem(awx, "hosts", "platform", {"variables": {"a": "b"}}, of={"inventory": inventory})``
    """

    within = "awx"

    def __init__(self, awx: Awx, kind: str, name: str, fields: Mapping[str, Any], *, of: Mapping[str, AwxItem] | None = None) -> None:
        self._of: dict[str, AwxItem] = dict(of or {})
        names = {field: one.name for field, one in self._of.items()}
        super().__init__(f"AWX {CALLED.get(kind) or kind.removesuffix('s')} {name}", {**fields, **names})
        self.awx = awx
        self.name: str = name
        self._kind = kind

    def read(self) -> dict[str, Any] | None:
        """The item, with the names of those that it belongs to, and with what its texts say."""
        seen = self.awx.find(self._kind, self.name)
        if seen is None:
            return None
        known = seen.get("summary_fields") or {}
        named = {field: (known.get(field) or {}).get("name", "") for field in self._of}
        return seen | named | {field: _said(seen[field]) for field in TEXTS if field in self.wanted}

    def create(self) -> None:
        """Under its name."""
        self.awx.create(self._kind, {"name": self.name, **self._fields()})

    def replace(self, seen: dict[str, Any]) -> None:
        """Our fields; the others stay."""
        self.awx.change(self._kind, seen["id"], self._fields())

    def take(self, seen: dict[str, Any]) -> None:
        """With what belongs to it."""
        self.awx.remove(self._kind, seen["id"])

    def _fields(self) -> dict[str, Any]:
        owners = {field: (one.awx.find(one._kind, one.name) or {}).get("id") for field, one in self._of.items()}
        texts = {field: json.dumps(self.wanted[field], sort_keys=True) for field in TEXTS if field in self.wanted}
        return {**self.wanted, **texts, **owners}


def _said(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text  # somebody's YAML


class AwxAdministrators:
    """Who is in a group of the realm administers AWX, and nobody else does.

    AWX's login knows no groups, so this is as of the last run: whoever joins the group administers after the next one. A member who has
    never signed in is made known by e-mail, by which the first login finds them.
    """

    subject = "administrators of AWX"
    within = "awx"

    def __init__(self, awx: Awx, realm: Realm, group: str, *, own: str) -> None:
        self.awx = awx
        self._realm = realm
        self._group = group
        self._own = own

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen, wanted = {one["username"] for one in self._superusers()}, set(self._members())
        rows = [(name, True) for name in sorted(wanted - seen)] + [(name, False) for name in sorted(seen - wanted)]
        return [Difference(self.subject, name, wanted=is_wanted, seen=not is_wanted) for name, is_wanted in rows]

    def write(self) -> None:
        """See ``Setting.write``."""
        members = self._members()
        for one in self._superusers():
            if one["username"] not in members:
                self.awx.change("users", one["id"], {"is_superuser": False})
        for name, email in members.items():
            seen = self.awx.find("users", name)
            if seen is None:
                # Nobody signs in with it: people come by the platform login.
                fields = {"username": name, "email": email, "password": secrets.token_urlsafe(32), "is_superuser": True}
                self.awx.create("users", fields)
            elif not seen["is_superuser"]:
                self.awx.change("users", seen["id"], {"is_superuser": True})

    def _superusers(self) -> list[dict[str, Any]]:
        return [one for one in self.awx.items("users", is_superuser="true") if one["username"] != self._own]

    def _members(self) -> dict[str, str]:
        """Members by name, each with the e-mail."""
        group = self._realm.group(self._group)
        found = self._realm.admin.get_group_members(group["id"]) if group else []
        return {one["username"]: one.get("email", "") for one in found if one.get("enabled", True)}
