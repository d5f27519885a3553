"""The dashboard keeps nothing: whoever signs in sees what is there now."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.keycloak.people import People
from converge.engine.platform import Platform
from steps.keepsakes import Check, keepsake
from steps.tiles import opens


@keepsake("dashboard")
def tiles(platform: Platform, people: People) -> Iterator[Check]:
    with people.person() as person:
        yield lambda: opens(platform, person)
