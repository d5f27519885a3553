"""JupyterHub keeps a file that a person has written: the next server of that person has it."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.jupyterhub import consumers
from converge.components.jupyterhub.consumers import FILE, START_S, TEXT
from converge.components.jupyterhub.server import url
from converge.components.keycloak.people import People
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake


@keepsake("jupyterhub")
def file(platform: Platform, inventory: Inventory, people: People) -> Iterator[Check]:
    with people.person() as person, consumers.signed_in(inventory, platform.access, person) as hub:
        hub.start(START_S)
        hub.write(FILE, TEXT)

        def is_there() -> None:
            # Pods that have just become ready are reached a moment later.
            wait_until_served(platform.access.http, f"{url(inventory)}/hub/health", COMES_S)
            hub.start(START_S)
            assert hub.read(FILE) == TEXT

        yield is_there
