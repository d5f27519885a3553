"""Repositories: what is pushed to the Git server, who may read or write it, and who is refused."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from pytest_bdd import given, parsers, then, when

from converge import ssh_keys
from converge.acceptance.commits import GitPod, Way
from converge.acceptance.loading import load_everywhere
from converge.acceptance.throwaway import ThrowawayPods
from converge.components.git import consumers, server
from converge.components.git.consumers import DeployKey
from converge.engine.platform import Platform
from converge.inventory import Inventory
from converge.kubernetes.execute import ExecFailed

TEXT = "Grüße"
WAYS = r"(?P<way>SSH|HTTPS)"

WayTo = Callable[..., Way]


@pytest.fixture(scope="session")
def git_image(platform: Platform) -> str:
    """An image with git and an SSH client, on every node."""
    load_everywhere(platform, "git")
    return platform.context.image("git")


@pytest.fixture
def git_pod(throwaway_pods: ThrowawayPods, git_image: str) -> Iterator[GitPod]:
    """A pod with git."""
    pod = GitPod(throwaway_pods, f"git-{secrets.token_hex(4)}", git_image)
    yield pod
    pod.remove()


@pytest.fixture
def way_to(platform: Platform, inventory: Inventory) -> WayTo:
    """How somebody with a deploy key reaches a repository: ``way_to("SSH", key)``; another than the key's own by its name."""

    def way(over: str, key: DeployKey, repository: str = "") -> Way:
        name = repository or key.repository
        if over == "SSH":
            return Way.over_ssh(server.ssh_url(name), key.private_key, server.known_hosts(platform.access))
        return Way.over_https(server.url(inventory, name), key.name, key.token, platform.ca_pem())

    return way


@given("a throw-away repository", target_fixture="repository")
def throwaway_repository(platform: Platform) -> Iterator[str]:
    with consumers.repository(platform.access) as name:
        yield name


@given("a throw-away repository with a commit", target_fixture="repository")
def throwaway_repository_with_commit(platform: Platform, git_pod: GitPod, way_to: WayTo) -> Iterator[str]:
    with consumers.repository(platform.access) as name:
        with consumers.deploy_key(platform.access, name, "write") as key:
            git_pod.push(way_to("SSH", key), TEXT)
        yield name


@given(parsers.re(r"a deploy key that may (?P<may>read|write) the repository"), target_fixture="key")
def deploy_key(platform: Platform, repository: str, may: str) -> Iterator[DeployKey]:
    with consumers.deploy_key(platform.access, repository, may) as key:
        yield key


@given("a deploy key of a stranger", target_fixture="key")
def strangers_key(repository: str) -> DeployKey:
    return consumers.stranger(repository)


@when(parsers.re(rf"a commit is pushed over {WAYS}"))
def push(git_pod: GitPod, way_to: WayTo, key: DeployKey, way: str) -> None:
    git_pod.push(way_to(way, key), TEXT)


@when(parsers.re(rf"somebody tries to push over {WAYS}"), target_fixture="refusal")
def try_to_push(git_pod: GitPod, way_to: WayTo, key: DeployKey, way: str) -> ExecFailed:
    with pytest.raises(ExecFailed) as refusal:
        git_pod.push(way_to(way, key), "something else")
    return refusal.value


@when(parsers.re(rf"somebody tries to clone over {WAYS}"), target_fixture="refusal")
def try_to_clone(git_pod: GitPod, way_to: WayTo, key: DeployKey, way: str, name: str = "") -> ExecFailed:
    with pytest.raises(ExecFailed) as refusal:
        git_pod.clone(way_to(way, key, name))
    return refusal.value


@when(parsers.re(rf'somebody tries to clone the repository "(?P<name>[^"]+)" over {WAYS}'), target_fixture="refusal")
def try_to_clone_another(git_pod: GitPod, way_to: WayTo, key: DeployKey, way: str, name: str) -> ExecFailed:
    return try_to_clone(git_pod, way_to, key, way, name)


@when("somebody asks for a shell with the deploy key", target_fixture="refusal")
def ask_for_shell(git_pod: GitPod, way_to: WayTo, key: DeployKey) -> ExecFailed:
    with pytest.raises(ExecFailed) as refusal:
        git_pod.ask_for_shell(way_to("SSH", key), f"git@{server.HOST}")
    return refusal.value


@when("somebody who knows another host key tries to clone", target_fixture="refusal")
def try_to_clone_from_another(git_pod: GitPod, key: DeployKey) -> ExecFailed:
    another = f"{server.HOST} {ssh_keys.public(ssh_keys.make())}"
    with pytest.raises(ExecFailed) as refusal:
        git_pod.clone(Way.over_ssh(server.ssh_url(key.repository), key.private_key, another))
    return refusal.value


@then(parsers.re(rf"a clone over {WAYS} has the commit"))
def clone_has(git_pod: GitPod, way_to: WayTo, key: DeployKey, way: str) -> None:
    assert git_pod.clone(way_to(way, key)) == TEXT
