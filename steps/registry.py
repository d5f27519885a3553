"""Registry: nodes run what is pushed, garbage gives its space back, the realm's keys are followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pytest_bdd import given, then, when

from converge.acceptance.throwaway import ThrowawayPods
from converge.apis.registry import Image
from converge.components.keycloak.people import People
from converge.components.registry import consumers, keeper, running, server
from converge.components.registry.consumers import REPOSITORY
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.errors import ThinkubeError, Unavailable, Unreachable
from converge.inventory import Inventory
from converge.kubernetes.wait import wait_until_ready
from converge.waiting import COMES_S
from steps.images import refusal_of

PROGRAM = "pause"
"""An image of ours that runs until it is told to end, and is small."""

FOLLOWS_S = 60


@when("a developer pushes a program's image", target_fixture="pushed")
def push_program(platform: Platform, inventory: Inventory, tag: str) -> Image:
    image = programs_image(platform)
    consumers.as_administrator(inventory, platform.access).push(REPOSITORY, tag, image)
    return image


def programs_image(platform: Platform) -> Image:
    """An image that no node has yet, for nodes that pull with a login of their own."""
    if not platform.cluster().lets_in:
        raise Unavailable("nodes that pull without a Secret", seen="an existing cluster's nodes are configured by its owner")
    return consumers.runnable(platform.images.archive(PROGRAM))


@then("a pod of it runs on every node, and its manifest names no Secret to pull with")
def runs_everywhere(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, tag: str, pushed: Image) -> None:
    run_on_every_node(platform, throwaway_pods, f"{server.host(inventory)}/{REPOSITORY}@{pushed.digest}", tag)


def run_on_every_node(platform: Platform, throwaway_pods: ThrowawayPods, reference: str, suffix: str) -> None:
    """See that a pod of an image becomes ready on each node, without a Secret to pull with."""
    nodes = [node.name for node in platform.cluster().nodes]
    made = [throwaway_pods.create(pod) for pod in running.pods(reference, nodes, suffix)]
    try:
        wait_until_ready(platform.api, made, platform.inventory.deadlines.component_s, subject="pods of a pushed image")
        assert [pod["spec"].get("imagePullSecrets") for pod in made] == [None] * len(nodes)
    finally:
        for pod in made:
            throwaway_pods.remove(pod["metadata"]["name"])


@when("the nodes' account tries to push an image", target_fixture="refusal")
def push_as_nodes(platform: Platform, inventory: Inventory, tag: str) -> ThinkubeError | None:
    secret = next(one for one in platform.component("registry").secrets() if one.name == "robot-nodes")
    nodes = consumers.as_robot(inventory, platform.access, secret)
    return refusal_of(lambda: nodes.push(REPOSITORY, tag, consumers.made_up()))


@given("another image that was removed again", target_fixture="removed")
def removed_image(platform: Platform, inventory: Inventory, tag: str) -> Image:
    administrator, image = consumers.as_administrator(inventory, platform.access), consumers.made_up()
    administrator.push(REPOSITORY, f"{tag}-removed", image)
    administrator.remove(REPOSITORY, image.digest)
    assert consumers.stored(inventory, platform.access, image.blobs) == list(image.blobs)
    return image


@when("an operator collects the registry's garbage")
def collect(platform: Platform) -> None:
    keeper.collect(platform.api)


@then("the bucket holds nothing of the removed one")
def space_given_back(platform: Platform, inventory: Inventory, removed: Image) -> None:
    assert consumers.stored(inventory, platform.access, [*removed.blobs, removed.digest]) == []


@then("the registry takes writes and has the first one as it was pushed")
def writes_again(platform: Platform, inventory: Inventory, tag: str, pushed: Image) -> None:
    administrator = consumers.as_administrator(inventory, platform.access)
    wait_until_served(platform.access.http, f"{administrator.url}/", COMES_S)
    with consumers.tag(inventory, platform.access) as another:
        administrator.push(REPOSITORY, another, consumers.made_up())
    assert administrator.pull(REPOSITORY, tag) == pushed


@when("an operator gives the realm another key to sign with")
def another_key(platform: Platform, people: People) -> Iterator[None]:
    before = keeper.known_keys(platform.api)
    with people.signing_key():
        yield
    _wait(lambda: keeper.known_keys(platform.api) == before, "the registry still knows a key that the realm has no more")
    wait_until_served(platform.access.http, f"{server.url(platform.inventory)}/", COMES_S)


@then("the registry lets people in with the new key before long")
def key_followed(platform: Platform, inventory: Inventory, tag: str, pushed: Image) -> None:
    _wait(lambda: _is_let_in(platform, inventory), "the registry knows no new key")
    assert consumers.as_administrator(inventory, platform.access).pull(REPOSITORY, tag) == pushed


def _is_let_in(platform: Platform, inventory: Inventory) -> bool:
    try:
        return consumers.as_administrator(inventory, platform.access).is_known()
    except Unreachable:  # it is being started anew
        return False


def _wait(has_come: Callable[[], bool], what: str) -> None:
    """Nothing tells when the registry was started with other keys, so it is asked."""
    deadline = time.monotonic() + FOLLOWS_S
    while not has_come():
        assert time.monotonic() < deadline, f"{what} after {FOLLOWS_S} s"
        time.sleep(0.5)
