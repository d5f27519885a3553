"""Mirror: images of a registry elsewhere are pulled through it, and are there when that registry is not."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then, when

from converge.apis.registry import Denied, Image, NoSuchImage, Registry
from converge.components.keycloak.people import Person
from converge.components.registry import consumers, server
from converge.components.registry.consumers import REPOSITORY
from converge.engine.platform import Platform
from converge.errors import ThinkubeError, Unavailable
from converge.inventory import Inventory


def _mirror(platform: Platform, registry: Registry) -> Registry:
    """The mirror as whoever sees the registry."""
    return registry.at(platform.component("registry-mirror").endpoints()[0].url)


@given("an image of the mirror's upstream", target_fixture="pushed")
def image_upstream(platform: Platform, inventory: Inventory, tag: str) -> Image:
    if inventory.mirror.upstream != server.url(inventory):
        raise Unavailable(
            "an image that scenarios may put into the mirror's upstream and take away again",
            seen=f"its upstream is {inventory.mirror.upstream}",
            cause="with the platform's own registry as its upstream (mirror.upstream) this is shown",
        )
    image = consumers.made_up()
    consumers.as_administrator(inventory, platform.access).push(REPOSITORY, tag, image)
    return image


@given("the person has pulled it through the mirror")
@then("the person pulls it through the mirror as it was")
def pull_through(platform: Platform, inventory: Inventory, person: Person, pushed: Image) -> None:
    mirror = _mirror(platform, consumers.as_person(inventory, platform.access, person))
    assert mirror.pull(REPOSITORY, pushed.digest) == pushed


@when("its upstream loses it")
def upstream_loses(platform: Platform, inventory: Inventory, pushed: Image) -> None:
    upstream = consumers.as_administrator(inventory, platform.access)
    upstream.remove(REPOSITORY, pushed.digest)
    with pytest.raises(NoSuchImage):
        upstream.pull(REPOSITORY, pushed.digest)


@when("the platform's administrator tries to push to the mirror", target_fixture="refusal")
def push_to_mirror(platform: Platform, inventory: Inventory) -> ThinkubeError:
    mirror = _mirror(platform, consumers.as_administrator(inventory, platform.access))
    with pytest.raises(ThinkubeError) as refusal:
        mirror.push(REPOSITORY, "mirrored", consumers.made_up())
    return refusal.value


@then("the mirror asks a stranger for a login")
def asks_stranger(platform: Platform, inventory: Inventory) -> None:
    with pytest.raises(Denied):
        _mirror(platform, consumers.as_stranger(inventory, platform.access)).tags(REPOSITORY)
