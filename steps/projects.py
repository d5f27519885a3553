"""Projects: images in Harbor's projects, pushed and pulled by people, robots and nodes, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance.throwaway import ThrowawayPods
from converge.apis.harbor import Harbor
from converge.apis.registry import Denied, Image
from converge.components.harbor import consumers, server
from converge.components.harbor.consumers import REPOSITORY
from converge.components.keycloak.people import Person
from converge.components.registry import server as registry
from converge.components.registry.consumers import made_up
from converge.components.registry.consumers import tag as throwaway_tag
from converge.engine.platform import Platform
from converge.errors import ThinkubeError, Unavailable
from converge.inventory import Inventory
from steps.images import refusal_of
from steps.registry import programs_image, run_on_every_node

THERE = "library/hello-world"
"""A small image that Docker Hub has, and most registries that mirror it."""


@pytest.fixture
def harbor_tag(platform: Platform, inventory: Inventory) -> Iterator[str]:
    """A tag of the scenario's own in Harbor's project."""
    with throwaway_tag(inventory, platform.access, by=consumers.as_administrator, repository=REPOSITORY) as name:
        yield name


@given("an image in the project", target_fixture="pushed")
def image_there(platform: Platform, inventory: Inventory, harbor_tag: str) -> Image:
    image = made_up()
    consumers.as_administrator(inventory, platform.access).push(REPOSITORY, harbor_tag, image)
    return image


@when("the person signs in to Harbor", target_fixture="harbor")
def sign_in(inventory: Inventory, person: Person) -> Harbor:
    return consumers.signed_in(inventory, person.browser, person.credentials)


@when("the person tries to sign in to Harbor", target_fixture="refusal")
def try_to_sign_in(inventory: Inventory, person: Person) -> ThinkubeError | None:
    return refusal_of(lambda: consumers.signed_in(inventory, person.browser, person.credentials))


@then("the person's programs push an image to the project and pull it by its digest")
def push_and_pull(platform: Platform, inventory: Inventory, harbor: Harbor, harbor_tag: str) -> None:
    programs, image = consumers.programs(inventory, platform.access, harbor), made_up()
    programs.push(REPOSITORY, harbor_tag, image)
    assert programs.pull(REPOSITORY, image.digest) == image


@then("the person's programs are refused, whether they push or pull")
def refused(platform: Platform, inventory: Inventory, harbor: Harbor, pushed: Image) -> None:
    programs = consumers.programs(inventory, platform.access, harbor)
    with pytest.raises(Denied):
        programs.push(REPOSITORY, "theirs", made_up())
    with pytest.raises(Denied):
        programs.pull(REPOSITORY, pushed.digest)


@then(parsers.re(r"Harbor lets the person (?P<no>not )?administer it"))
def administers(harbor: Harbor, no: str | None) -> None:
    assert bool(harbor.who()["sysadmin_flag"]) is not bool(no)


@when("a stranger tries to push an image to Harbor", target_fixture="refusal")
def push_as_stranger(platform: Platform, inventory: Inventory, harbor_tag: str) -> ThinkubeError | None:
    stranger = consumers.as_stranger(inventory, platform.access)
    return refusal_of(lambda: stranger.push(REPOSITORY, harbor_tag, made_up()))


@then("the stranger is refused by Harbor, and pulls no image either")
def stranger_refused(platform: Platform, inventory: Inventory, refusal: ThinkubeError | None, pushed: Image) -> None:
    assert isinstance(refusal, Denied), refusal
    with pytest.raises(Denied):
        consumers.as_stranger(inventory, platform.access).pull(REPOSITORY, pushed.digest)


@when(parsers.re(r'the robot "(?P<name>[^"]+)" pushes an image to Harbor'), target_fixture="pushed")
def push_as_robot(platform: Platform, inventory: Inventory, harbor_tag: str, name: str) -> Image:
    image = made_up()
    consumers.as_robot(inventory, platform.access, name).push(REPOSITORY, harbor_tag, image)
    return image


@when(parsers.re(r'the robot "(?P<name>[^"]+)" tries to push an image to Harbor'), target_fixture="refusal")
def try_to_push_as_robot(platform: Platform, inventory: Inventory, harbor_tag: str, name: str) -> ThinkubeError | None:
    robot = consumers.as_robot(inventory, platform.access, name)
    return refusal_of(lambda: robot.push(REPOSITORY, harbor_tag, made_up()))


@then(parsers.re(r'the robot "(?P<name>[^"]+)" pulls it from Harbor by its digest'))
def pull_as_robot(platform: Platform, inventory: Inventory, pushed: Image, name: str) -> None:
    assert consumers.as_robot(inventory, platform.access, name).pull(REPOSITORY, pushed.digest) == pushed


@when("a developer pushes a program's image to Harbor", target_fixture="pushed")
def push_program(platform: Platform, inventory: Inventory, harbor_tag: str) -> Image:
    image = programs_image(platform)
    consumers.as_administrator(inventory, platform.access).push(REPOSITORY, harbor_tag, image)
    return image


@then("a pod of Harbor's image runs on every node, and its manifest names no Secret to pull with")
def runs_everywhere(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, harbor_tag: str, pushed: Image) -> None:
    reference = f"{inventory.host(server.NAME)}/{REPOSITORY}@{pushed.digest}"
    run_on_every_node(platform, throwaway_pods, reference, harbor_tag)


@given("a registry elsewhere that Harbor pulls through")
def registry_elsewhere(inventory: Inventory) -> None:
    if inventory.mirror.upstream == registry.url(inventory):
        raise Unavailable("a registry elsewhere", seen="the inventory's mirror.upstream is the platform's own registry")


@when(parsers.re(r'the robot "(?P<name>[^"]+)" asks Harbor for the versions of an image there'), target_fixture="versions")
def versions_there(platform: Platform, inventory: Inventory, name: str) -> Sequence[str]:
    return consumers.as_robot(inventory, platform.access, name).tags(f"{server.PROXY}/{THERE}")


@then("Harbor names some")
def some(versions: Sequence[str]) -> None:
    assert versions


@then(parsers.re(r"Harbor keeps the (?P<count>\d+) images that were pushed last to each repository of the project"))
def retention(platform: Platform, inventory: Inventory, count: str) -> None:
    harbor = server.as_administrator(inventory, platform.access)
    project = harbor.project(server.PROJECT) or {}
    (rule,) = (harbor.retention(int(project["metadata"]["retention_id"])) or {})["rules"]
    assert (rule["action"], rule["params"], rule.get("disabled", False)) == ("retain", {"latestPushedK": int(count)}, False)
