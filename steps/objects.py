"""Objects: what may be stored in a bucket and read from it, by whom."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pytest_bdd import given, parsers, then, when

from converge.apis.minio import AccessDenied, AccessKey, NoSuchObject, ObjectStore, assume_role
from converge.components.keycloak.people import People, Person
from converge.components.minio import consumers, storage
from converge.components.minio.login import relying_party
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.errors import ThinkubeError
from converge.inventory import Inventory
from converge.sso.tampering import tampered
from converge.waiting import COMES_S

NAME = "letters/hello.txt"
CONTENT = "Grüße\n".encode()
MIB = 1024 * 1024
SHARED_FOR_S = 1


@pytest.fixture
def objects(platform: Platform, inventory: Inventory) -> ObjectStore:
    """Object storage as a developer with every right uses it."""
    return consumers.root_store(inventory, platform.access)


@given("a throw-away bucket", target_fixture="bucket")
def throwaway_bucket(platform: Platform, inventory: Inventory) -> Iterator[str]:
    with consumers.bucket(inventory, platform.access) as name:
        yield name


@given("a throw-away bucket with an object", target_fixture="bucket")
def throwaway_bucket_with_object(platform: Platform, inventory: Inventory, objects: ObjectStore) -> Iterator[str]:
    with consumers.bucket(inventory, platform.access) as name:
        objects.put(name, NAME, CONTENT)
        yield name


@given(parsers.re(r'a throw-away person with the policy "(?P<policy>[^"]+)"'), target_fixture="person")
def throwaway_person_with_policy(people: People, policy: str) -> Iterator[Person]:
    with people.person(attributes={"policy": [policy]}) as person:
        yield person


@when("a developer stores an object", target_fixture="stored")
def store_object(objects: ObjectStore, bucket: str) -> tuple[bytes, int]:
    return CONTENT, objects.put(bucket, NAME, CONTENT)


@when(parsers.re(r"a developer stores an object of (?P<size_mib>\d+) MiB"), target_fixture="stored", converters={"size_mib": int})
def store_large_object(objects: ObjectStore, bucket: str, size_mib: int) -> tuple[bytes, int]:
    content = bytes(range(256)) * (size_mib * MIB // 256)
    return content, objects.put(bucket, NAME, content)


@then("the bucket lists the object, and it reads as it was written")
def object_listed(objects: ObjectStore, bucket: str, stored: tuple[bytes, int]) -> None:
    assert (objects.names(bucket), objects.get(bucket, NAME)) == ([NAME], stored[0])


@then("once removed it is gone")
def object_removed(objects: ObjectStore, bucket: str) -> None:
    objects.remove(bucket, NAME)
    with pytest.raises(NoSuchObject):
        objects.get(bucket, NAME)


@then(parsers.re(r"it travelled in (?P<parts>\d+) parts and reads as it was written"), converters={"parts": int})
def object_in_parts(objects: ObjectStore, bucket: str, stored: tuple[bytes, int], parts: int) -> None:
    content, travelled_in = stored
    assert travelled_in == parts
    assert objects.get(bucket, NAME) == content


def object_reads(platform: Platform, objects: ObjectStore, bucket: str) -> None:
    wait_until_served(platform.access.http, f"{objects.url}/minio/health/ready", COMES_S)
    assert objects.get(bucket, NAME) == CONTENT


@when("a developer shares an object by a presigned URL", target_fixture="shared")
def share(objects: ObjectStore, bucket: str) -> str:
    objects.put(bucket, NAME, CONTENT)
    return objects.presigned(bucket, NAME, lifetime_s=60)


@then("anybody with the URL reads the object")
def shared_read(platform: Platform, shared: str) -> None:
    assert platform.access.http.get(shared).content == CONTENT


@then("not under another name, and not when its time is over")
def shared_refused(platform: Platform, objects: ObjectStore, bucket: str, shared: str) -> None:
    objects.put(bucket, "secret.txt", CONTENT)
    http, brief = platform.access.http, objects.presigned(bucket, NAME, lifetime_s=SHARED_FOR_S)
    assert "SignatureDoesNotMatch" in http.get(shared.replace(NAME, "secret.txt")).text
    time.sleep(SHARED_FOR_S + 1)  # the end of a signature is a time of day: whole seconds, and nothing tells when it has come
    assert "Request has expired" in http.get(brief).text


@when("the person exchanges a login for an access key", target_fixture="key")
def exchange(platform: Platform, inventory: Inventory, person: Person) -> AccessKey:
    tokens = relying_party(platform.component("minio"), platform.access).sign_in(person.browser, person.credentials)
    return assume_role(platform.access.http, storage.url(inventory), tokens.id_token)


@when("the person tries to exchange a login for an access key", target_fixture="refusal")
def exchange_in_vain(platform: Platform, inventory: Inventory, person: Person) -> ThinkubeError:
    with pytest.raises(AccessDenied) as refusal:
        exchange(platform, inventory, person)
    return refusal.value


@when("somebody exchanges the person's token with another policy in it", target_fixture="refusal")
def exchange_tampered(platform: Platform, inventory: Inventory, person: Person) -> ThinkubeError:
    tokens = relying_party(platform.component("minio"), platform.access).sign_in(person.browser, person.credentials)
    with pytest.raises(AccessDenied) as refusal:
        assume_role(platform.access.http, storage.url(inventory), tampered(tokens.id_token, policy=["consoleAdmin"]))
    return refusal.value


@then("the person may read the object")
def may_read(platform: Platform, inventory: Inventory, key: AccessKey, bucket: str) -> None:
    assert ObjectStore(platform.access.http, storage.url(inventory), key).get(bucket, NAME) == CONTENT


@then("the person may store another")
def may_store(platform: Platform, inventory: Inventory, key: AccessKey, bucket: str) -> None:
    assert ObjectStore(platform.access.http, storage.url(inventory), key).put(bucket, "another.txt", CONTENT) == 1


@then("the person may not store another")
def may_not_store(platform: Platform, inventory: Inventory, key: AccessKey, bucket: str) -> None:
    with pytest.raises(AccessDenied):
        ObjectStore(platform.access.http, storage.url(inventory), key).put(bucket, "another.txt", CONTENT)


@when("a stranger asks for the object", target_fixture="refusal")
def ask_as_stranger(platform: Platform, inventory: Inventory, bucket: str) -> ThinkubeError:
    with pytest.raises(ThinkubeError) as refusal:
        ObjectStore(platform.access.http, storage.url(inventory), None).get(bucket, NAME)
    return refusal.value


@then("no bucket is open to strangers")
def buckets_closed(platform: Platform, inventory: Inventory, objects: ObjectStore) -> None:
    stranger = ObjectStore(platform.access.http, storage.url(inventory), None)
    for bucket in objects.buckets():
        try:
            stranger.names(bucket)
        except (AccessDenied, NoSuchObject):  # the other one: a throw-away bucket of somebody else's scenario is gone
            continue
        pytest.fail(f"bucket {bucket} is open to strangers")


@then(parsers.re(r'the access key of "(?P<consumer>[^"]+)" opens the bucket "(?P<own>[^"]+)" and no other'))
def key_limited(platform: Platform, inventory: Inventory, consumer: str, own: str) -> None:
    kept = next(secret for secret in platform.component(consumer).secrets() if "secret-key" in secret.keys)
    key = AccessKey(consumer, platform.access.secret(kept.namespace, kept.name, "secret-key"))
    limited = ObjectStore(platform.access.http, storage.url(inventory), key)
    limited.names(own)
    with consumers.bucket(inventory, platform.access) as foreign, pytest.raises(AccessDenied):
        limited.names(foreign)
