"""Valkey keeps a key, and a user with keys of its own."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.valkey import consumers
from converge.engine.platform import Platform
from steps.keepsakes import Check, keepsake
from steps.keys import key_reads, own_keys, set_key_on_disk


@keepsake("valkey")
def keys_and_users(platform: Platform, key: str) -> Iterator[Check]:
    with consumers.consumer(platform.access) as consumer:
        set_key_on_disk(platform, key)

        def find() -> None:
            key_reads(platform, key)
            own_keys(platform, consumer)

        yield find
