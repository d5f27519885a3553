"""Data that somebody left in the platform: found again after whatever was done to it, or named as lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from place import Place

from converge.components.keycloak.people import People
from converge.components.minio.consumers import root_store
from converge.components.minio.storage import PLATFORM_BUCKET
from converge.components.postgres.server import server as postgres
from converge.components.valkey.server import server as valkey

NAME = "heal-canary"


@dataclass(frozen=True)
class Canary:
    """One thing that was left; ``stands_on`` are the components whose data holds it."""

    what: str
    stands_on: tuple[str, ...]
    leave: Callable[[], None]
    is_there: Callable[[], bool]


def canaries(place: Place) -> tuple[Canary, ...]:
    """One in every store of those components that the inventory enables."""
    inventory, access = place.inventory, place.platform.access

    def row() -> bool:
        return bool(postgres(access).rows("SELECT to_regclass('public.heal_canary') IS NOT NULL AS there")[0]["there"])

    def store_row() -> None:
        postgres(access).run("CREATE TABLE IF NOT EXISTS heal_canary (number integer);")

    def store_person() -> None:
        if not person():
            People(inventory, access).realm.admin.create_user(
                {"username": NAME, "enabled": True, "email": f"{NAME}@{inventory.domain_name}"}
            )

    def person() -> bool:
        return People(inventory, access).realm.user(NAME) is not None

    every = (
        Canary("a row in PostgreSQL", ("postgres",), store_row, row),
        Canary("a person in Keycloak", ("keycloak", "postgres"), store_person, person),
        Canary(
            "an object in MinIO",
            ("minio",),
            lambda: None if NAME in root_store(inventory, access).names(PLATFORM_BUCKET) else _put(place),
            lambda: NAME in root_store(inventory, access).names(PLATFORM_BUCKET),
        ),
        Canary(
            "a key in Valkey",
            ("valkey",),
            lambda: valkey(access).ask("SET", NAME, "here") and None,
            lambda: valkey(access).ask("GET", NAME) == "here",
        ),
    )
    return tuple(canary for canary in every if canary.stands_on[0] in place.platform.components)


def _put(place: Place) -> None:
    root_store(place.inventory, place.platform.access).put(PLATFORM_BUCKET, NAME, b"here")
