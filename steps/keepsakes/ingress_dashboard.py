"""The dashboard keeps a person's session."""

from __future__ import annotations

from collections.abc import Iterator

from converge.components.keycloak.people import People
from converge.components.keycloak.realm import ADMINISTRATORS
from converge.engine.platform import Platform
from steps.keepsakes import Check, keepsake
from steps.logins import lets_see, sign_in

NAME = "ingress-dashboard"


@keepsake(NAME)
def session(platform: Platform, people: People) -> Iterator[Check]:
    with people.person(groups=[ADMINISTRATORS]) as person:
        sign_in(platform, person, NAME)
        yield lambda: lets_see(platform, person, NAME, "/api/overview")
