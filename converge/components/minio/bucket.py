"""A bucket for a component that keeps objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from converge.apis.minio import AccessKey, ObjectStore
from converge.components.minio.bucket_settings import READING, WRITING, BucketItself, BucketUser
from converge.components.minio.storage import PLATFORM_BUCKET, url
from converge.components.part import Owner, PartWithSecret
from converge.components.terms import Access, Context, Credential, GeneratedSecret, Setting
from converge.inventory import Inventory


class Bucket(PartWithSecret):
    """A bucket of the component's name, and a user who may do everything in it and nothing elsewhere: ``Bucket(self)``.

    The S3 API is at ``url``; ``secret`` holds ``access-key`` and ``secret-key``. Who ``may`` only "read" writes nothing.
    A second user of a bucket that another part of the component makes is ``shared``.
    """

    uses = "bucket"
    requires = ("minio",)

    def __init__(self, owner: Owner, *, name: str = "", may: Literal["read", "write"] = "write", shared: bool = False) -> None:
        self.name = name or owner.name
        self.may = may
        self.url = url(owner.inventory)
        self.secret = GeneratedSecret(owner.namespace, f"{owner.name}-bucket", {"access-key": f"={owner.name}", "secret-key": "password"})
        self._user = owner.name
        self._is_shared = shared
        self._actions = READING if may == "read" else WRITING

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """See ``Part.prerequisites``."""
        inventory = context.inventory
        user = BucketUser(self._user, self.secret, self.name, inventory, access, actions=self._actions)
        return (user,) if self._is_shared else (BucketItself(self.name, inventory, access), user)

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """See ``Part.credentials``."""
        return (login(self.secret, context.inventory, access),)


def login(secret: GeneratedSecret, inventory: Inventory, access: Access) -> Credential:
    """An access key, as it signs requests."""

    def accepts(values: Mapping[str, str]) -> bool:
        key = AccessKey(values.get("access-key") or values["username"], values.get("secret-key") or values["password"])
        return ObjectStore(access.http, url(inventory), key).is_known(PLATFORM_BUCKET)

    return Credential(secret, accepts)
