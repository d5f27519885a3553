"""A policy of MinIO's that people are given by name, through the claim ``policy`` of their login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.minio import Administration
from converge.components.component import Access, Difference
from converge.components.differences import absent, differences
from converge.components.minio.storage import root_key, url
from converge.inventory import Inventory


class Policy:
    """What people with this policy may do, in every bucket: ``Policy("viewer", ("s3:GetObject", "s3:ListBucket"), inventory, access)``."""

    def __init__(self, name: str, actions: Sequence[str], inventory: Inventory, access: Access) -> None:
        self.subject = f"policy {name}"
        self._name = name
        self._actions = actions
        self._server = lambda: Administration(access.http, url(inventory), root_key(access))

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        seen = self._server().policy(self._name)
        return absent(self.subject) if seen is None else differences(self.subject, {"Statement": self._document()["Statement"]}, seen)

    def write(self) -> None:
        """See ``Setting.write``."""
        self._server().write_policy(self._name, self._document())

    def _document(self) -> Mapping[str, Any]:
        statement = {"Effect": "Allow", "Action": sorted(self._actions), "Resource": ["arn:aws:s3:::*"]}
        return {"Version": "2012-10-17", "Statement": [statement]}
