"""Harbor keeps an image that a robot pushed."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.harbor import consumers
from converge.components.harbor.consumers import REPOSITORY
from converge.components.registry.consumers import made_up, tag
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake


@keepsake("harbor")
def pushed(platform: Platform, inventory: Inventory) -> Iterator[Check]:
    with tag(inventory, platform.access, by=consumers.as_administrator, repository=REPOSITORY) as name:
        robot, image = consumers.as_robot(inventory, platform.access, "platform"), made_up()
        robot.push(REPOSITORY, name, image)

        def is_there() -> None:
            wait_until_served(platform.access.http, f"{robot.url}/api/v2.0/ping", COMES_S)
            assert robot.pull(REPOSITORY, name) == image

        yield is_there
