"""The registry keeps an image that a user pushed."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.registry import consumers
from converge.components.registry.consumers import REPOSITORY
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake


@keepsake("registry")
def pushed(platform: Platform, inventory: Inventory) -> Iterator[Check]:
    administrator = consumers.as_administrator(inventory, platform.access)
    with consumers.tag(inventory, platform.access) as tag:
        image = consumers.made_up()
        administrator.push(REPOSITORY, tag, image)

        def is_there() -> None:
            wait_until_served(platform.access.http, f"{administrator.url}/", COMES_S)
            assert administrator.pull(REPOSITORY, tag) == image

        yield is_there
