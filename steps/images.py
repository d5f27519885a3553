"""Images: people, programs and strangers push them to the registry, pull them again, or are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_bdd import given, parsers, then, when

from converge.apis.login import Login
from converge.apis.registry import Denied, Image, NoSuchImage, Registry
from converge.components.keycloak.docker_client import ATTRIBUTE
from converge.components.keycloak.people import People, Person
from converge.components.registry import consumers
from converge.components.registry.consumers import REPOSITORY
from converge.engine.platform import Platform
from converge.errors import ThinkubeError
from converge.inventory import Inventory

MIB = 1024


@pytest.fixture
def tag(platform: Platform, inventory: Inventory) -> Iterator[str]:
    """A tag of the scenario's own."""
    with consumers.tag(inventory, platform.access) as name:
        yield name


@pytest.fixture
def as_person(platform: Platform, inventory: Inventory) -> Callable[[Person], Registry]:
    """The registry as somebody sees it."""
    return lambda person: consumers.as_person(inventory, platform.access, person)


@given("an image in the registry", target_fixture="pushed")
def image_there(platform: Platform, inventory: Inventory, tag: str) -> Image:
    image = consumers.made_up()
    consumers.as_administrator(inventory, platform.access).push(REPOSITORY, tag, image)
    return image


@given(parsers.re(r'a throw-away person who may "(?P<right>[^"]+)" in the registry'), target_fixture="person")
def person_with_right(people: People, right: str) -> Iterator[Person]:
    with people.person(attributes={ATTRIBUTE: [right]}) as person:
        yield person


@when("the person pushes an image", target_fixture="pushed")
def push(as_person: Callable[[Person], Registry], person: Person, tag: str) -> Image:
    return _pushed(as_person(person), tag, consumers.made_up())


@when(parsers.re(r"the person pushes an image of (?P<size>\d+) MiB"), target_fixture="pushed", converters={"size": int})
def push_large(as_person: Callable[[Person], Registry], person: Person, tag: str, size: int) -> Image:
    return _pushed(as_person(person), tag, consumers.made_up(size * MIB))


@when(parsers.re(r'the robot account of "(?P<name>[^"]+)" pushes an image'), target_fixture="pushed")
def push_as_robot(robot: Registry, tag: str) -> Image:
    return _pushed(robot, tag, consumers.made_up())


@pytest.fixture
def robot(platform: Platform, inventory: Inventory) -> Registry:
    """The registry as the platform's own robot account sees it."""
    return _robot(platform, inventory)


def _robot(platform: Platform, inventory: Inventory) -> Registry:
    secret = next(one for one in platform.component("registry").secrets() if one.name.startswith("robot-"))
    return consumers.as_robot(inventory, platform.access, secret)


@when(
    parsers.re(r'(?P<count>\d+) programs log in to the registry at once with the robot account of "(?P<name>[^"]+)"'),
    target_fixture="let_in",
    converters={"count": int},
)
def log_in_at_once(platform: Platform, inventory: Inventory, count: int) -> list[bool]:
    # The passwords are read before, so that what happens at once are the logins.
    programs = [_robot(platform, inventory) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(Registry.is_known, programs))


@then("the registry lets every one of them in")
def all_let_in(let_in: list[bool]) -> None:
    assert all(let_in), f"{let_in.count(False)} of {len(let_in)} were refused"


@when("the person tries to push an image", target_fixture="refusal")
def try_to_push(as_person: Callable[[Person], Registry], person: Person, tag: str) -> ThinkubeError | None:
    return refusal_of(lambda: _pushed(as_person(person), tag, consumers.made_up()))


@when("somebody tries to push an image with the person's name and a wrong password", target_fixture="refusal")
def push_with_wrong_password(platform: Platform, as_person: Callable[[Person], Registry], person: Person, tag: str) -> ThinkubeError | None:
    wrong = Registry(platform.access.http, as_person(person).url, Login(person.name, "wrong"))
    return refusal_of(lambda: _pushed(wrong, tag, consumers.made_up()))


@when("a stranger tries to push an image", target_fixture="refusal")
def push_as_stranger(platform: Platform, inventory: Inventory, tag: str) -> ThinkubeError | None:
    stranger = consumers.as_stranger(inventory, platform.access)
    return refusal_of(lambda: _pushed(stranger, f"{tag}-of-a-stranger", consumers.made_up()))


@when("the person tries to remove the image", target_fixture="refusal")
def try_to_remove(as_person: Callable[[Person], Registry], person: Person, pushed: Image) -> ThinkubeError | None:
    return refusal_of(lambda: as_person(person).remove(REPOSITORY, pushed.digest))


@then("the person pulls it by its tag as it was pushed")
def pulled_by_tag(as_person: Callable[[Person], Registry], person: Person, tag: str, pushed: Image) -> None:
    assert as_person(person).pull(REPOSITORY, tag) == pushed


@then("the person pulls it by its digest as it was pushed")
def pulled_by_digest(as_person: Callable[[Person], Registry], person: Person, pushed: Image) -> None:
    assert as_person(person).pull(REPOSITORY, pushed.digest) == pushed


@then("the robot account pulls it by its digest as it was pushed")
def pulled_by_robot(robot: Registry, pushed: Image) -> None:
    assert robot.pull(REPOSITORY, pushed.digest) == pushed


@then("the registry takes it")
def taken(refusal: ThinkubeError | None) -> None:
    assert refusal is None, refusal


@then("the registry does not")
def not_taken(refusal: ThinkubeError | None) -> None:
    assert isinstance(refusal, Denied), refusal


@then("the stranger is refused, and pulls no image either")
def stranger_refused(platform: Platform, inventory: Inventory, refusal: ThinkubeError | None, pushed: Image) -> None:
    assert isinstance(refusal, Denied), refusal
    with pytest.raises(Denied):
        consumers.as_stranger(inventory, platform.access).pull(REPOSITORY, pushed.digest)


@then("the platform's administrator removes it")
def removed(platform: Platform, inventory: Inventory, pushed: Image) -> None:
    administrator = consumers.as_administrator(inventory, platform.access)
    administrator.remove(REPOSITORY, pushed.digest)
    with pytest.raises(NoSuchImage):
        administrator.pull(REPOSITORY, pushed.digest)


def _pushed(registry: Registry, tag: str, image: Image) -> Image:
    registry.push(REPOSITORY, tag, image)
    return image


def refusal_of(attempt: Callable[[], object]) -> ThinkubeError | None:
    """Why it was refused; None where it was not."""
    try:
        attempt()
    except ThinkubeError as refusal:
        return refusal
    return None
