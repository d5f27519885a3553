"""pgAdmin keeps what a person has set up in it: a group of servers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from converge.components.keycloak.people import People, Person
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.inventory import Inventory
from steps.keepsakes import Check, keepsake
from steps.queries import signed_in


@keepsake("pgadmin")
def group(inventory: Inventory, people: People) -> Iterator[Check]:
    with people.person(groups=[ADMINISTRATORS]) as person:
        name = f"throw-away {secrets.token_hex(4)}"
        signed_in(inventory, person).make_group(name)
        yield lambda: is_there(inventory, person, name)


def is_there(inventory: Inventory, person: Person, name: str) -> None:
    assert name in signed_in(inventory, person).groups()
