"""A policy of MinIO's that people are given by name, through the claim ``policy`` of their login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.minio import Administration
from converge.components.differences import absent, differences
from converge.components.minio.storage import root_key, url
from converge.components.terms import Access, Difference
from converge.inventory import Inventory


class Policy:
    """What people with this policy may do, in every bucket: ``Policy("viewer", ("s3:GetObject", "s3:ListBucket"), inventory, access)``."""

    def __init__(self, name: str, actions: Sequence[str], inventory: Inventory, access: Access) -> None:
        self.subject = f"policy {name}"
        self.within = "minio"
        self._name = name
        self._actions = actions
        self._inventory = inventory
        self._access = access

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self._server().policy(self._name)
        if seen is None:
            return absent(self.subject)
        return differences(self.subject, _sorted(self._document()), _sorted(seen))

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server().write_policy(self._name, self._document())

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._server().policy(self._name) is not None

    def remove(self) -> None:
        """See ``Removable.remove``; whoever had it may do nothing by it any more."""
        self._server().remove_policy(self._name)

    def _server(self) -> Administration:
        return Administration(self._access.http, url(self._inventory), root_key(self._access))

    def _document(self) -> Mapping[str, Any]:
        statement = {"Effect": "Allow", "Action": sorted(self._actions), "Resource": ["arn:aws:s3:::*"]}
        return {"Version": "2012-10-17", "Statement": [statement]}


def _sorted(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The statements with their lists in one order: the server keeps sets, and shows them in any."""
    return {
        "Statement": [
            {key: sorted(value) if isinstance(value, list) else value for key, value in row.items()} for row in document["Statement"]
        ]
    }
