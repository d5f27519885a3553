"""OpenSearch keeps a document."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.opensearch import consumers
from converge.components.opensearch.server import HEALTH, as_administrator, url
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from steps.documents import READ, TEXT, document_reads
from steps.keepsakes import Check, keepsake


@keepsake("opensearch")
def document(platform: Platform, inventory: Inventory) -> Iterator[Check]:
    with consumers.index(inventory, platform.access) as index:
        as_administrator(inventory, platform.access).write(index, READ, {"text": TEXT})

        def find() -> None:
            wait_until_served(platform.access.http, f"{url(inventory)}{HEALTH}", inventory.deadlines.component_s)
            document_reads(as_administrator(inventory, platform.access), index)

        yield find
