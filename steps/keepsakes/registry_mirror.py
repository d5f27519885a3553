"""The mirror keeps nothing of its own: it lets people in."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.registry import consumers
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake


@keepsake("registry-mirror")
def let_in(platform: Platform, inventory: Inventory) -> Iterator[Check]:
    url = platform.component("registry-mirror").endpoints()[0].url

    def serves() -> None:
        wait_until_served(platform.access.http, f"{url}/", COMES_S)
        assert consumers.as_administrator(inventory, platform.access).at(url).is_known()

    yield serves
