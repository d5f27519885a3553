"""Deliveries: applications that are kept as Git has them, who may deliver them, and who is refused."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance.browser import Window
from converge.acceptance.command_line import CommandLine
from converge.acceptance.commits import GitPod
from converge.acceptance.loading import load_everywhere
from converge.acceptance.throwaway import ThrowawayPods
from converge.apis.argo_cd import ArgoCdServer
from converge.components.argo_cd import consumers
from converge.components.argo_cd.consumers import Letter
from converge.components.argo_cd.server import GRPC_HOST, url
from converge.components.git import consumers as repositories
from converge.components.git.consumers import DeployKey
from converge.components.keycloak.people import Person
from converge.engine.platform import Platform
from converge.errors import ThinkubeError
from converge.inventory import Inventory
from converge.waiting import COMES_S
from steps.browser import Attach, page_shows
from steps.repositories import WayTo

ARRIVES_S = 10 * COMES_S
"""Git is asked three times a minute."""

FIRST, SECOND, OWN = "as Git has it", "as Git has it now", "as somebody likes it better"


@dataclass(frozen=True)
class Delivery:
    """An application, the letter that it delivers, and the key with which the letter is written."""

    name: str
    letter: Letter
    key: DeployKey


Deliver = Callable[..., AbstractContextManager[Delivery]]


@pytest.fixture
def deliver(platform: Platform, throwaway_pods: ThrowawayPods, git_pod: GitPod, way_to: WayTo) -> Deliver:
    """Makes an application whose repository has a letter: ``with deliver(by_itself=True) as delivery``.

    ``opens`` says whether its key opens the repository.
    """

    @contextlib.contextmanager
    def made(*, by_itself: bool, opens: bool = True) -> Iterator[Delivery]:
        access, letter = platform.access, Letter(f"letter-{secrets.token_hex(4)}", throwaway_pods.namespace)
        with repositories.repository(access) as repository, repositories.deploy_key(access, repository, "write") as writes:
            # An application that would have nothing left does not prune by itself.
            other = Letter(f"{letter.name}-other", letter.namespace)
            git_pod.commit(way_to("SSH", writes), {one.file: one.reading(FIRST) for one in (letter, other)})
            with repositories.deploy_key(access, repository, "read") as reads:
                key = reads if opens else repositories.stranger(repository)
                with consumers.delivering(access, letter, key, by_itself=by_itself) as name:
                    yield Delivery(name, letter, writes)

    return made


@pytest.fixture
def command_line(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods) -> Iterator[CommandLine]:
    """Argo CD's command line in a pod."""
    load_everywhere(platform, "argo-cd")
    image, host = platform.context.image("argo-cd"), inventory.host(GRPC_HOST)
    made = CommandLine(throwaway_pods, f"argocd-{secrets.token_hex(4)}", image, host, platform.ca_pem())
    yield made
    made.remove()


@given("an application that delivers a letter from Git", target_fixture="delivery")
def delivered(platform: Platform, deliver: Deliver) -> Iterator[Delivery]:
    with deliver(by_itself=True) as delivery:
        delivery.letter.wait_until(platform.access, FIRST, ARRIVES_S)
        yield delivery


@given("an application that delivers a letter when it is told to", target_fixture="delivery")
def undelivered(deliver: Deliver) -> Iterator[Delivery]:
    with deliver(by_itself=False) as delivery:
        yield delivery


@given("an application whose repository its key does not open", target_fixture="delivery")
def unopened(deliver: Deliver) -> Iterator[Delivery]:
    with deliver(by_itself=True, opens=False) as delivery:
        yield delivery


@when("a developer pushes the letter with another text")
def push_letter(git_pod: GitPod, way_to: WayTo, delivery: Delivery) -> None:
    git_pod.commit(way_to("SSH", delivery.key), {delivery.letter.file: delivery.letter.reading(SECOND)})


@when("a developer deletes the letter in Git")
def delete_letter(git_pod: GitPod, way_to: WayTo, delivery: Delivery) -> None:
    git_pod.commit(way_to("SSH", delivery.key), {delivery.letter.file: ""})


@when("somebody changes the letter in the cluster")
def change_letter(platform: Platform, delivery: Delivery) -> None:
    letter = delivery.letter
    platform.api.patch("ConfigMap", letter.name, letter.namespace, {"data": {"text": OWN}})


@when("an operator deletes the application")
def delete_application(platform: Platform, delivery: Delivery) -> None:
    consumers.remove(platform.access, delivery.name)


@when("the person signs in to Argo CD and tells it to deliver the application", target_fixture="argo_cd")
def sign_in_and_deliver(inventory: Inventory, person: Person, delivery: Delivery) -> ArgoCdServer:
    argo_cd = consumers.signed_in(inventory, person.browser, person.credentials)
    argo_cd.sync(delivery.name)
    return argo_cd


@when("the person signs in to Argo CD and tries to deliver the application", target_fixture="refusal")
def try_to_deliver(inventory: Inventory, person: Person, delivery: Delivery) -> ThinkubeError:
    argo_cd = consumers.signed_in(inventory, person.browser, person.credentials)
    with pytest.raises(ThinkubeError) as refusal:
        argo_cd.sync(delivery.name)
    return refusal.value


@when("a stranger asks Argo CD for its applications", target_fixture="refusal")
def ask_as_stranger(platform: Platform, inventory: Inventory) -> ThinkubeError:
    with pytest.raises(ThinkubeError) as refusal:
        ArgoCdServer(platform.access.http, url(inventory)).names()
    return refusal.value


@when("a program delivers the application with Argo CD's command line")
def deliver_by_program(platform: Platform, command_line: CommandLine, delivery: Delivery) -> None:
    command_line.run_as(consumers.token(platform.access), "app", "sync", delivery.name, "--async")


@when("the person signs in on Argo CD's command line")
def sign_in_on_command_line(command_line: CommandLine, person: Person) -> None:
    command_line.sign_in(person.browser, person.credentials)


@then("the letter in the cluster is as Git has it")
def reads_as_before(platform: Platform, delivery: Delivery) -> None:
    delivery.letter.wait_until(platform.access, FIRST, ARRIVES_S)


@then("the letter in the cluster reads like that")
def reads_anew(platform: Platform, delivery: Delivery) -> None:
    delivery.letter.wait_until(platform.access, SECOND, ARRIVES_S)


@then("there is no such letter in the cluster")
def no_letter(platform: Platform, delivery: Delivery) -> None:
    delivery.letter.wait_until(platform.access, None, ARRIVES_S)


@then("the application says that it cannot read its repository")
def says_unreadable(platform: Platform, delivery: Delivery) -> None:
    consumers.wait_until_said(platform.access, delivery.name, "unable to authenticate", ARRIVES_S)


@then(parsers.re(r'Argo CD names the person and the group "(?P<group>[^"]+)"'))
def names_person(argo_cd: ArgoCdServer, person: Person, group: str) -> None:
    seen = argo_cd.who()
    assert (seen["username"].partition("@")[0], seen["groups"]) == (person.name, [group])


@then("Argo CD shows the application to the person")
def shows_application(inventory: Inventory, person: Person, delivery: Delivery) -> None:
    assert delivery.name in ArgoCdServer(person.browser.http, url(inventory)).names()


@then("the account for programs sees the application")
def program_sees(platform: Platform, inventory: Inventory, delivery: Delivery) -> None:
    assert delivery.name in consumers.automated(inventory, platform.access).names()


@then("it neither makes nor deletes applications")
def program_is_limited(platform: Platform, inventory: Inventory, delivery: Delivery) -> None:
    argo_cd = consumers.automated(inventory, platform.access)
    seen = argo_cd.application(delivery.name)
    with pytest.raises(ThinkubeError, match="permission denied"):
        argo_cd.create({"metadata": {"name": "theirs"}, "spec": seen["spec"]})
    with pytest.raises(ThinkubeError, match="permission denied"):
        argo_cd.delete(delivery.name)


@then(parsers.re(r'the command line names the person and the group "(?P<group>[^"]+)"'))
def command_line_names(command_line: CommandLine, person: Person, group: str) -> None:
    said = command_line.run("account", "get-user-info")
    assert person.name in said, said
    assert group in said, said


@then("the page shows that application")
def page_shows_application(window: Window, attach: Attach, delivery: Delivery) -> None:
    page_shows(window, attach, delivery.name)
