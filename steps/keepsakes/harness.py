"""The harness keeps the reports of its runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from converge.components.harness.component import reports
from converge.components.minio.consumers import root_store
from converge.engine.platform import Platform
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake


@keepsake("harness")
def report(platform: Platform, inventory: Inventory) -> Iterator[Check]:
    bucket, name = reports(platform.component("harness")).name, f"throw-away-{secrets.token_hex(4)}/report.txt"
    store = root_store(inventory, platform.access)
    store.put(bucket, name, b"it went well")

    def find() -> None:
        assert root_store(inventory, platform.access).get(bucket, name) == b"it went well"

    yield find
    store.remove(bucket, name)
