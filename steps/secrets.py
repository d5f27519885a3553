"""Secrets: values that were seen are replaced, and open nothing any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_bdd import given, parsers, then, when

from converge.components.terms import Credential
from converge.engine.converger import Convergence
from converge.engine.outcome import Result
from converge.engine.platform import Platform
from converge.kubernetes import secrets


@dataclass(frozen=True)
class Seen:
    """A Secret as it was when somebody looked."""

    credential: Credential
    values: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        """``keycloak/keycloak-admin``."""
        return f"{self.credential.secret.namespace}/{self.credential.secret.name}"


@given(parsers.re(r'somebody has seen every Secret of "(?P<name>[^"]+)"'), target_fixture="seen")
def seen_secrets(platform: Platform, name: str) -> Sequence[Seen]:
    return [_look(platform, one) for one in platform.component(name).credentials(platform.context, platform.access)]


@when("the operator rotates what was seen")
def rotate(convergence: Convergence, seen: Sequence[Seen]) -> None:
    assert seen, "it has no Secret that opens something"
    for one in seen:
        outcome = convergence.rotate(one.name)
        assert outcome.result is Result.CONVERGED, outcome.text


@then("what was seen opens nothing any more")
def opens_nothing(seen: Sequence[Seen]) -> None:
    assert not [one.name for one in seen if one.credential.accepts(one.values)]


def _look(platform: Platform, credential: Credential) -> Seen:
    secret = credential.secret
    seen = Seen(
        credential,
        {
            # A fixed value is no secret: read as one it would be blacked out wherever it stands, and it is often a component's name.
            key: kind[1:] if kind.startswith("=") else secrets.value(platform.api, secret.namespace, secret.name, key)
            for key, kind in secret.keys.items()
        },
    )
    assert credential.accepts(seen.values), f"{secret.name} opened nothing before"
    return seen
