"""An index of devpi's, as a setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.devpi import PackageIndexes
from converge.components.devpi.server import as_root
from converge.components.differences import absent, differences
from converge.components.terms import Access, Difference
from converge.inventory import Inventory


class Index:
    """An index: ``Index("root/prod", {"type": "stage"}, inventory, access)``; with ``is_data`` people's packages are in it."""

    within = "devpi"

    def __init__(self, name: str, wanted: Mapping[str, Any], inventory: Inventory, access: Access, *, is_data: bool = False) -> None:
        self.subject = f"package index {name}"
        self.is_data = is_data
        self._name = name
        self._wanted = wanted
        self._inventory = inventory
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self._indexes().index(self._name)
        return absent(self.subject) if seen is None else differences(self.subject, self._wanted, seen)

    def write(self) -> None:
        """See ``Setting.write``."""
        self._indexes().write_index(self._name, self._wanted)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._indexes().index(self._name) is not None

    def remove(self) -> None:
        """See ``Removable.remove``; with every package in it."""
        self._indexes().remove_index(self._name)

    def _indexes(self) -> PackageIndexes:
        return as_root(self._inventory, self._access)
