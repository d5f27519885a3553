"""Buckets of the object store, and users who may use one of them, as settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from converge.apis.minio import AccessKey, Administration, ObjectStore
from converge.components.differences import absent, differences
from converge.components.minio.storage import root_key, url
from converge.components.terms import Access, Difference, GeneratedSecret
from converge.inventory import Inventory

WRITING = ("s3:*",)
READING = ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket")


class BucketItself:
    """A bucket of the root user's."""

    def __init__(self, name: str, inventory: Inventory, access: Access) -> None:
        self.subject = f"bucket {name}"
        self.within = "minio"
        self.is_data = True
        self._name = name
        self._access = access
        self._url = url(inventory)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        return () if self._store().has_bucket(self._name) else absent(self.subject)

    def write(self) -> None:
        """See ``Setting.write``."""
        self._store().make_bucket(self._name)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._store().has_bucket(self._name)

    def remove(self) -> None:
        """See ``Removable.remove``; with every object."""
        if self.is_there():
            self._store().remove_bucket(self._name)

    def _store(self) -> ObjectStore:
        return ObjectStore(self._access.http, self._url, root_key(self._access))


class BucketUser:
    """A user who may do ``actions`` in one bucket and nothing elsewhere; ``secret`` holds its access key."""

    def __init__(
        self,
        consumer: str,
        secret: GeneratedSecret,
        bucket: str,
        inventory: Inventory,
        access: Access,
        *,
        actions: Sequence[str] = WRITING,
    ) -> None:
        self.subject = f"object storage user {consumer}"
        self.within = "minio"
        self._name = consumer
        self._bucket = bucket
        self._secret = secret
        self._actions = list(actions)
        self._access = access
        self._url = url(inventory)

    def differences(self) -> Sequence[Difference]:
        """See ``Setting.differences``."""
        administration = self._administration()
        user = administration.user(self._name)
        if user is None:
            return absent(self.subject)
        policy = administration.policy(self._name) or {}
        found = differences(self.subject, {"policyName": self._name, "status": "enabled"}, user)
        found += differences(f"policy {self._name}", {"Statement": self._policy()["Statement"]}, policy)
        return found or self._refused()

    def write(self) -> None:
        """See ``Setting.write``."""
        administration = self._administration()
        administration.write_policy(self._name, self._policy())
        administration.write_user(self._name, self._key().secret_key, self._name)

    def is_there(self) -> bool:
        """See ``Removable.is_there``."""
        return self._administration().user(self._name) is not None

    def remove(self) -> None:
        """See ``Removable.remove``; with the policy that is only this user's."""
        self._administration().remove_user(self._name)
        self._administration().remove_policy(self._name)

    def _refused(self) -> Sequence[Difference]:
        """A secret key cannot be read back, but it can be used."""
        if ObjectStore(self._access.http, self._url, self._key()).is_known(self._bucket):
            return ()
        return (Difference(self.subject, "secret key", wanted="(secret)", seen="(another)"),)

    def _administration(self) -> Administration:
        return Administration(self._access.http, self._url, root_key(self._access))

    def _key(self) -> AccessKey:
        return AccessKey(self._name, self._access.secret(self._secret.namespace, self._secret.name, "secret-key"))

    def _policy(self) -> Mapping[str, Any]:
        resources = [f"arn:aws:s3:::{self._bucket}", f"arn:aws:s3:::{self._bucket}/*"]
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": self._actions, "Resource": resources}]}
