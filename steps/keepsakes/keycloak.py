"""Keycloak keeps a person, who can sign in."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.keycloak.people import People
from converge.inventory import Inventory
from steps.access import can_sign_in
from steps.keepsakes import Check, keepsake


@keepsake("keycloak")
def known_people(people: People, inventory: Inventory) -> Iterator[Check]:
    with people.person() as person:
        yield lambda: can_sign_in(people, person, inventory)
