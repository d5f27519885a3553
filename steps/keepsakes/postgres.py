"""PostgreSQL keeps the rows of a consumer."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.postgres import consumers
from converge.engine.platform import Platform
from steps.database import rows_read, store_rows
from steps.keepsakes import Check, keepsake


@keepsake("postgres")
def rows(platform: Platform) -> Iterator[Check]:
    with consumers.consumer(platform.access) as consumer:
        store_rows(consumer, 3)
        yield lambda: rows_read(consumer, 3)
