"""MinIO's root user."""

from __future__ import annotations

from collections.abc import Sequence

from converge.components.minio.bucket import login
from converge.components.minio.storage import ROOT_SECRET
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret


class Root(PartWithSecret):
    """Whoever may do everything in the object store; the server takes the password at its start."""

    def __init__(self, owner: Owner) -> None:
        self.secret = GeneratedSecret(owner.namespace, ROOT_SECRET, {"username": "=root", "password": "password"})

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        return (login(self.secret, context.inventory, access),)
