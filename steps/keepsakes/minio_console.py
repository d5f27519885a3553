"""MinIO's console keeps nothing: whoever may, signs in again."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.keycloak.people import People
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.console import console_opens
from steps.keepsakes import Check, keepsake


@keepsake("minio-console")
def login(platform: Platform, inventory: Inventory, people: People) -> Iterator[Check]:
    with people.person(attributes={"policy": ["viewer"]}) as person:
        yield lambda: console_opens(platform, inventory, person)
