"""What the groups of the realm may do in OpenSearch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.components.differences import absent, differences
from converge.components.opensearch.server import ADMINISTRATORS, EDITORS, NAME, VIEWERS, as_administrator
from converge.components.terms import Access, Context, Difference, Setting
from converge.inventory import Inventory

MAPPING, ROLE = "rolesmapping", "roles"

OWN = "admin"
"""The backend role of OpenSearch's own administrator."""

EDITING = {
    "cluster_permissions": ["cluster_composite_ops", "cluster_monitor"],
    "index_permissions": [
        {"index_patterns": ["*"], "fls": [], "masked_fields": [], "allowed_actions": ["create_index", "crud", "indices_monitor"]}
    ],
}
"""Reading and writing every index that is not the server's own."""


def rights(context: Context, access: Access) -> Sequence[Setting]:
    """A role of ours for editors, and who has which; the other two roles are OpenSearch's own."""
    return (
        Item(ROLE, EDITORS, EDITING, context.inventory, access),
        Item(MAPPING, "all_access", {"backend_roles": [OWN, ADMINISTRATORS]}, context.inventory, access),
        Item(MAPPING, EDITORS, {"backend_roles": [EDITORS]}, context.inventory, access),
        Item(MAPPING, "readall", {"backend_roles": [VIEWERS]}, context.inventory, access),
    )


class Item:
    """A role, or who has it: ``Item("rolesmapping", "readall", {"backend_roles": ["opensearch-viewer"]}, inventory, access)``."""

    within = NAME

    def __init__(self, kind: str, name: str, wanted: Mapping[str, Any], inventory: Inventory, access: Access) -> None:
        self.subject = f"{'role' if kind == ROLE else 'holders of role'} {name} of OpenSearch"
        self._kind = kind
        self._name = name
        self._wanted = wanted
        self._inventory = inventory
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = as_administrator(self._inventory, self._access).item(self._kind, self._name)
        return absent(self.subject) if seen is None else differences(self.subject, self._wanted, seen)

    def write(self) -> None:
        """See ``Setting.write``."""
        as_administrator(self._inventory, self._access).write_item(self._kind, self._name, self._wanted)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return as_administrator(self._inventory, self._access).item(self._kind, self._name) is not None

    def remove(self) -> None:
        """See ``Removable.remove``."""
        as_administrator(self._inventory, self._access).remove_item(self._kind, self._name)
