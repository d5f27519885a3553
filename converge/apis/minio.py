"""MinIO as nouns: an object store as somebody may use it, its users and policies as the administrator sees them, and its STS.

Source: MinIO documentation (AssumeRoleWithWebIdentity, policies); S3 error codes.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from converge.errors import Refused, Unreachable
from converge.http import checked, excerpt, pool_manager

if TYPE_CHECKING:
    import requests
    from minio import Minio, MinioAdmin

REGION = "us-east-1"
"""MinIO's default; naming it saves a request per bucket."""

PART_BYTES = 5 * 1024 * 1024
"""The smallest part that S3 takes; larger objects are uploaded in parts of this size."""


class AccessDenied(Refused):
    """These credentials may not do this."""

    usual_next = "pytest features/ -m minio"


class NoSuchObject(Refused):
    """There is no such bucket or object."""

    usual_next = "pytest features/ -m minio"


@dataclass(frozen=True)
class AccessKey:
    """What signs S3 requests; temporary ones have a session token."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


class ObjectStore:
    """The S3 API at ``https://minio.thinkube.test`` with somebody's access key, or nobody's (None: unsigned requests)."""

    def __init__(self, http: requests.Session, url: str, key: AccessKey | None) -> None:
        from minio import Minio

        self.url = url
        self._client: Minio = Minio(
            endpoint=urlsplit(url).netloc,
            access_key=key.access_key if key else None,
            secret_key=key.secret_key if key else None,
            session_token=key.session_token or None if key else None,
            region=REGION,
            http_client=pool_manager(http),
        )

    def has_bucket(self, bucket: str) -> bool:
        """Whether the bucket is among those that this access key may see.

        Asked by a list: only an answer with a body tells a store that has no such bucket from an ingress that leads to no store.
        """
        return bucket in self.buckets()

    def buckets(self) -> Sequence[str]:
        """The names of all buckets that this access key may see."""
        with _errors("buckets"):
            return [bucket.name for bucket in self._client.list_buckets()]

    def make_bucket(self, bucket: str) -> None:
        """Make a bucket; names have 3 to 63 characters."""
        with _errors(f"bucket {bucket} made"):
            self._client.make_bucket(bucket_name=bucket)

    def remove_bucket(self, bucket: str) -> None:
        """Remove a bucket with everything in it."""
        for name in self.names(bucket):
            self.remove(bucket, name)
        with _errors(f"bucket {bucket} removed"):
            self._client.remove_bucket(bucket_name=bucket)

    def put(self, bucket: str, name: str, data: bytes) -> int:
        """Store an object; above 5 MiB in parts. Returns in how many parts it was stored."""
        with _errors(f"object {name} stored in bucket {bucket}"):
            written = self._client.put_object(
                bucket_name=bucket, object_name=name, data=io.BytesIO(data), length=len(data), part_size=PART_BYTES
            )
        _, _, parts = (written.etag or "").partition("-")
        return int(parts or 1)

    def get(self, bucket: str, name: str) -> bytes:
        """An object's content."""
        with _errors(f"object {name} of bucket {bucket}"):
            answer = self._client.get_object(bucket_name=bucket, object_name=name)
            try:
                return bytes(answer.data)
            finally:
                answer.release_conn()

    def names(self, bucket: str) -> Sequence[str]:
        """The names of all objects."""
        with _errors(f"objects of bucket {bucket}"):
            return [item.object_name or "" for item in self._client.list_objects(bucket_name=bucket, recursive=True)]

    def is_known(self, bucket: str) -> bool:
        """Whether the server accepts this access key, whatever it may do with the bucket: only an answer with a body says why not."""
        try:
            with _errors(f"objects of bucket {bucket}"):
                next(iter(self._client.list_objects(bucket_name=bucket)), None)
        except (AccessDenied, NoSuchObject):
            return True
        except Refused as refused:
            if refused.seen.partition(":")[0] in ("InvalidAccessKeyId", "SignatureDoesNotMatch"):
                return False
            raise
        return True

    def remove(self, bucket: str, name: str) -> None:
        """Remove an object; absent is fine."""
        with _errors(f"object {name} removed from bucket {bucket}"):
            self._client.remove_object(bucket_name=bucket, object_name=name)

    def presigned(self, bucket: str, name: str, lifetime_s: int) -> str:
        """A URL with which anybody may read this object until it ends."""
        with _errors(f"a URL for {name}"):
            return self._client.presigned_get_object(bucket_name=bucket, object_name=name, expires=timedelta(seconds=lifetime_s))


class Administration:
    """Users and policies, with the root user's access key."""

    def __init__(self, http: requests.Session, url: str, key: AccessKey) -> None:
        from minio import MinioAdmin
        from minio.credentials.providers import StaticProvider

        self._client: MinioAdmin = MinioAdmin(
            endpoint=urlsplit(url).netloc, credentials=StaticProvider(key.access_key, key.secret_key), http_client=pool_manager(http)
        )

    def policy(self, name: str) -> Mapping[str, Any] | None:
        """The policy document of this name, or None."""
        with _errors(f"policies of {name}"):
            documents: Mapping[str, Any] = json.loads(self._client.policy_list())
        return documents.get(name)

    def write_policy(self, name: str, document: Mapping[str, Any]) -> None:
        """Create or replace a policy."""
        with _errors(f"policy {name} written"):
            self._client.policy_add(policy_name=name, policy=dict(document))

    def user(self, name: str) -> Mapping[str, Any] | None:
        """``{"policyName": "…", "status": "enabled"}``, or None."""
        from minio.error import MinioAdminException

        with _errors(f"user {name}"):
            try:
                user: Mapping[str, Any] = json.loads(self._client.user_info(access_key=name))
            except MinioAdminException as error:
                if "XMinioAdminNoSuchUser" in str(error):
                    return None
                raise
        return user

    def write_user(self, name: str, secret_key: str, policy: str) -> None:
        """Create or correct a user who may do what one policy allows."""
        with _errors(f"user {name} written"):
            self._client.user_add(access_key=name, secret_key=secret_key)
            self._client.policy_set(policy_name=policy, user=name)

    def remove_user(self, name: str) -> None:
        """Remove a user; absent is fine."""
        if self.user(name) is not None:
            with _errors(f"user {name} removed"):
                self._client.user_remove(access_key=name)

    def remove_policy(self, name: str) -> None:
        """Remove a policy that no user has any more; absent is fine."""
        if self.policy(name) is not None:
            with _errors(f"policy {name} removed"):
                self._client.policy_remove(policy_name=name)


def assume_role(http: requests.Session, url: str, token: str, *, lifetime_s: int = 900) -> AccessKey:
    """A temporary access key for whoever a realm's token speaks of (AssumeRoleWithWebIdentity).

    Raises:
        AccessDenied: the token is not believed, or names no policy.
    """
    what = "a temporary access key"
    form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "WebIdentityToken": token, "DurationSeconds": str(lifetime_s)}
    answer = http.post(url, data=form)
    if answer.status_code in (400, 401, 403):
        raise AccessDenied(what, seen=_texts(answer.text).get("Message") or excerpt(answer.text))
    texts = _texts(checked(answer, what).text)
    return AccessKey(texts["AccessKeyId"], texts["SecretAccessKey"], texts["SessionToken"])


def _texts(document: str) -> dict[str, str]:
    """The texts of an XML answer by element name, wherever they stand."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 (from the platform's own server, over verified TLS)
    except ElementTree.ParseError:
        return {}
    return {element.tag.rpartition("}")[2]: element.text or "" for element in root.iter()}


@contextlib.contextmanager
def _errors(what: str) -> Iterator[None]:
    from minio.error import InvalidResponseError, MinioAdminException, S3Error, ServerError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except S3Error as error:
        seen = f"{error.code}: {excerpt(error.message or '')}"
        kinds = {"AccessDenied": AccessDenied, "NoSuchKey": NoSuchObject, "NoSuchBucket": NoSuchObject}
        busy = error.code in ("SlowDown", "ServiceUnavailable", "XMinioServerNotInitialized")
        raise Unreachable(what, seen=seen) if busy else kinds.get(error.code or "", Refused)(what, seen=seen) from error
    except MinioAdminException as error:
        raise Refused(what, seen=excerpt(str(error)), next_command="pytest features/ -m minio") from error
    except (HTTPError, InvalidResponseError, ServerError) as error:
        raise Unreachable(what, seen=excerpt(str(error))) from error
