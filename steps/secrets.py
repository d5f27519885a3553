"""Secrets: values that were seen are replaced, and open nothing any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_bdd import given, parsers, then, when

from converge.components.component import Credential
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


@given(parsers.re(r'somebody has seen the Secret "(?P<secret>[^"]+)" of "(?P<name>[^"]+)"'), target_fixture="seen")
def seen_secret(platform: Platform, secret: str, name: str) -> Seen:
    known = platform.component(name).credentials(platform.context, platform.access)
    credential = next(one for one in known if one.secret.name == secret)
    place = credential.secret.namespace
    seen = Seen(credential, {key: secrets.value(platform.api, place, secret, key) for key in credential.secret.keys})
    assert credential.accepts(seen.values), "it opened nothing before"
    return seen


@when("the operator rotates that Secret")
def rotate(convergence: Convergence, seen: Seen) -> None:
    outcome = convergence.rotate(seen.name)
    assert outcome.result is Result.CONVERGED, outcome.text


@then("what was seen opens nothing any more")
def opens_nothing(seen: Seen) -> None:
    assert not seen.credential.accepts(seen.values)
