"""Web: what Keycloak tells about itself, to everybody through the ingress and to operators inside the cluster."""

from __future__ import annotations

from pytest_bdd import parsers, then

from converge.components.keycloak import administration
from converge.components.keycloak.people import People
from converge.engine.platform import Platform
from converge.inventory import Inventory


@then(parsers.re(r'the realm calls itself "(?P<label>[^"]+)" of the domain'))
def realm_issuer(people: People, inventory: Inventory, label: str) -> None:
    assert people.provider.issuer == f"https://{inventory.host(label)}/realms/thinkube"
    elsewhere = [url for url in people.provider.endpoints if not url.startswith(f"{people.provider.issuer}/")]
    assert not elsewhere, f"outside the issuer: {elsewhere}"


@then("Keycloak was started in production mode")
def production_mode(platform: Platform) -> None:
    assert administration.mode(platform.api, platform.access) == "start"


@then("Keycloak is healthy on its management port")
def healthy(platform: Platform) -> None:
    assert '"status": "UP"' in administration.health(platform.api)


@then("nobody finds its health through the ingress")
def health_hidden(platform: Platform, inventory: Inventory) -> None:
    assert platform.access.http.get(f"https://{inventory.host('auth')}/health").status_code == 404
