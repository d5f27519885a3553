"""Packages: what developers upload, who installs it from where, and who is refused."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance import packages
from converge.acceptance.loading import load_everywhere
from converge.acceptance.throwaway import PORT, ThrowawayPods
from converge.apis.devpi import PackageIndexes, Release
from converge.apis.login import Login
from converge.components.devpi import consumers
from converge.components.devpi.server import PRODUCTION, UPLOADER, as_root, url
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.errors import Refused, ThinkubeError
from converge.inventory import Inventory
from converge.sso import Browser, LoginRequired
from converge.waiting import COMES_S

CREDENTIALS = {
    "a wrong password": Login(UPLOADER, "wrong"),
    "the name of a stranger": Login("stranger", "wrong"),
    "no credentials": None,
}


@dataclass(frozen=True)
class Mirror:
    """A mirror of an index that a throw-away pod serves."""

    index: str
    upstream: str
    unfetched: Release


@pytest.fixture
def indexes(platform: Platform, inventory: Inventory) -> PackageIndexes:
    """devpi as a developer who may upload uses it."""
    return consumers.as_uploader(inventory, platform.access)


@pytest.fixture(scope="session")
def python_image(platform: Platform) -> str:
    """An image with Python and pip, on every node."""
    load_everywhere(platform, "devpi")
    return platform.context.image("devpi")


@pytest.fixture
def python_pod(throwaway_pods: ThrowawayPods, python_image: str) -> Iterator[str]:
    """A pod with Python and pip."""
    pod = packages.python_pod(throwaway_pods, f"python-{secrets.token_hex(4)}", python_image)
    yield pod
    throwaway_pods.remove(pod)


@given("a throw-away package", target_fixture="release")
def throwaway_package(platform: Platform, inventory: Inventory) -> Iterator[Release]:
    with consumers.removed_afterwards(inventory, platform.access, packages.throwaway()) as release:
        yield release


@given("a throw-away package that was uploaded", target_fixture="release")
def uploaded_package(platform: Platform, inventory: Inventory, indexes: PackageIndexes) -> Iterator[Release]:
    with consumers.removed_afterwards(inventory, platform.access, packages.throwaway()) as release:
        indexes.upload(PRODUCTION, release)
        yield release


@given("a throw-away package in a throw-away mirror of another index", target_fixture="mirror")
def throwaway_mirror(platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, python_image: str) -> Iterator[Mirror]:
    upstream = packages.python_pod(throwaway_pods, f"index-{secrets.token_hex(4)}", python_image)
    address = f"http://{throwaway_pods.address(upstream)}:{PORT}/simple/"
    with consumers.mirror(inventory, platform.access, address) as index:
        yield Mirror(index, upstream, packages.throwaway())
    throwaway_pods.remove(upstream)


@when("a developer uploads the package")
def upload(indexes: PackageIndexes, release: Release) -> None:
    indexes.upload(PRODUCTION, release)


@when("a developer uploads another content under the same version", target_fixture="refusal")
def upload_changed(indexes: PackageIndexes, release: Release) -> ThinkubeError:
    with pytest.raises(Refused) as refusal:
        indexes.upload(PRODUCTION, packages.changed(release))
    return refusal.value


@when(
    parsers.re(r"somebody uploads the package with (?P<credentials>a wrong password|the name of a stranger|no credentials)"),
    target_fixture="refusal",
)
def upload_as_stranger(platform: Platform, inventory: Inventory, release: Release, credentials: str) -> ThinkubeError:
    with pytest.raises(Refused) as refusal:
        consumers.as_somebody(inventory, platform.access, CREDENTIALS[credentials]).upload(PRODUCTION, release)
    return refusal.value


@when("the user who uploads packages changes an index", target_fixture="refusal")
def change_index(indexes: PackageIndexes) -> ThinkubeError:
    with pytest.raises(Refused) as refusal:
        indexes.write_index(PRODUCTION, {"volatile": True})
    return refusal.value


@given("pip in a pod has installed the package from the mirror", target_fixture="release")
def install_from_mirror(
    platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, python_pod: str, mirror: Mirror
) -> Release:
    release = packages.throwaway()
    for one in (release, mirror.unfetched):
        packages.publish(throwaway_pods, mirror.upstream, one)
    pod_installs_from(platform, inventory, throwaway_pods, python_pod, mirror, release)
    return release


@when("the other index is gone")
def upstream_gone(throwaway_pods: ThrowawayPods, mirror: Mirror) -> None:
    throwaway_pods.remove(mirror.upstream)


@then("pip on this machine installs the package")
def machine_installs(platform: Platform, inventory: Inventory, release: Release) -> None:
    where = (consumers.index_url(inventory), inventory.domain_name, platform.cluster().ingress_address, platform.ca_pem())
    assert packages.install_here(release.project, *where) == packages.says(release)


@then("pip in a pod installs the package")
def pod_installs(
    platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, python_pod: str, release: Release, index: str = PRODUCTION
) -> None:
    where = (consumers.index_url(inventory, index), platform.ca_pem())
    assert packages.install_in_pod(throwaway_pods, python_pod, release.project, *where) == packages.says(release)


@then("pip in a pod installs the package from the mirror")
def pod_installs_from(
    platform: Platform, inventory: Inventory, throwaway_pods: ThrowawayPods, python_pod: str, mirror: Mirror, release: Release
) -> None:
    pod_installs(platform, inventory, throwaway_pods, python_pod, release, mirror.index)


@then("the mirror has the package as it was")
def mirror_has(indexes: PackageIndexes, mirror: Mirror, release: Release) -> None:
    assert indexes.download(mirror.index, release.project, release.file) == release.content


@then("the mirror knows no package that nobody has fetched")
def mirror_knows_nothing_else(indexes: PackageIndexes, mirror: Mirror) -> None:
    with pytest.raises(ThinkubeError, match=r"50\d"):
        indexes.files(mirror.index, mirror.unfetched.project)


@then("the index has the package as it was")
def index_has(platform: Platform, inventory: Inventory, release: Release) -> None:
    wait_until_served(platform.access.http, f"{url(inventory)}/+api", COMES_S)
    anybody = consumers.as_somebody(inventory, platform.access, None)
    assert anybody.download(PRODUCTION, release.project, release.file) == release.content


@then("the index does not have the package")
def index_lacks(platform: Platform, inventory: Inventory, release: Release) -> None:
    assert not as_root(inventory, platform.access).files(PRODUCTION, release.project)


@then("the host for pip sends who opens a page of it there too")
def no_pages_for_programs(platform: Platform, inventory: Inventory) -> None:
    for path in ("/", f"/{PRODUCTION}", "/+search?query=name"):
        with pytest.raises(LoginRequired):
            Browser(platform.access.http).visit(f"{url(inventory)}{path}")
