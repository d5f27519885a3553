"""Argo CD keeps applications, and what they delivered stays as Git has it."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.argo_cd.server import API, url
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.deliveries import ARRIVES_S, FIRST, Deliver, change_letter
from steps.keepsakes import Check, keepsake


@keepsake("argo-cd")
def application(platform: Platform, inventory: Inventory, deliver: Deliver) -> Iterator[Check]:
    with deliver(by_itself=True) as delivery:
        delivery.letter.wait_until(platform.access, FIRST, ARRIVES_S)

        def find() -> None:
            wait_until_served(platform.access.http, f"{url(inventory)}{API}", COMES_S)
            assert delivery.letter.seen(platform.access) == FIRST, "what was delivered is another"
            change_letter(platform, delivery)
            delivery.letter.wait_until(platform.access, FIRST, ARRIVES_S)

        yield find
