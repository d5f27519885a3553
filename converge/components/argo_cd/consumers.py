"""Throw-away applications: what they deliver, and how they are made, looked at and removed."""

from __future__ import annotations

import base64
import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from converge.apis.argo_cd import ArgoCdServer
from converge.components.argo_cd.application import REPOSITORY, application, opening
from converge.components.argo_cd.server import CI_TOKEN, GROUP_VERSION, NAMESPACE, SIGN_ON, as_bearer, url
from converge.components.git import server as git
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.sso import Browser, Credentials

if TYPE_CHECKING:
    from converge.components.git.consumers import DeployKey
    from converge.components.terms import Access
    from converge.inventory import Inventory

FOLDER = "deploy"
KIND = "Application.argoproj.io"


@dataclass(frozen=True)
class Letter:
    """A ConfigMap that lies in a repository as a file, and is delivered to a namespace."""

    name: str
    namespace: str

    @property
    def file(self) -> str:
        """Where it lies in the repository."""
        return f"{FOLDER}/{self.name}.yaml"

    def reading(self, text: str) -> str:
        """The file of a letter that reads so."""
        return yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.name}, "data": {"text": text}})

    def seen(self, access: Access) -> str | None:
        """How it reads in the cluster; None where it is not there."""
        found = access.api().find("ConfigMap", self.name, self.namespace)
        return None if found is None else str((found.get("data") or {}).get("text", ""))

    def wait_until(self, access: Access, text: str | None, deadline_s: float) -> None:
        """Wait until it reads so in the cluster, or (None) is gone.

        Raises:
            NotReady: it does not.
        """
        from converge.kubernetes.wait import wait_until

        def is_right(found: KubernetesObject | None) -> bool:
            return (found and (found.get("data") or {}).get("text")) == text

        wanted = f"letter {self.name} delivered" if text else f"letter {self.name} gone"
        wait_until(access.api(), Ref("ConfigMap", self.name, self.namespace, "v1"), is_right, deadline_s, wanted=wanted)


def automated(inventory: Inventory, access: Access) -> ArgoCdServer:
    """The server as the account for programs sees it."""
    return as_bearer(inventory, access, token(access))


def token(access: Access) -> str:
    """The token of the account for programs."""
    return access.secret(NAMESPACE, CI_TOKEN, "token")


def signed_in(inventory: Inventory, browser: Browser, credentials: Credentials) -> ArgoCdServer:
    """The server as a person sees it who has signed in with the platform login."""
    browser.visit(f"{url(inventory)}{SIGN_ON}", credentials)
    return ArgoCdServer(browser.http, url(inventory))


@contextlib.contextmanager
def delivering(access: Access, letter: Letter, key: DeployKey, *, by_itself: bool) -> Iterator[str]:
    """The name of an application that delivers a letter from the repository that ``key`` opens; removed with what it delivered."""
    api, name = access.api(), f"throw-away-{secrets.token_hex(4)}"
    address = git.ssh_url(key.repository)
    made = application(name, address, FOLDER, letter.namespace)
    if not by_itself:
        del made["spec"]["syncPolicy"]["automated"]
    told = {item: base64.b64encode(value.encode()).decode() for item, value in opening(address, key.private_key).items()}
    secret = f"repository-{name}"
    metadata = {"name": secret, "namespace": NAMESPACE, "labels": dict(REPOSITORY)}
    api.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": told})
    try:
        api.create(made)
        yield name
    finally:
        remove(access, name)
        api.delete("Secret", secret, NAMESPACE)


def remove(access: Access, name: str) -> None:
    """Delete an application and wait until it is gone, and with it what it delivered; absent is fine."""
    from converge.kubernetes.deletion import wait_until_gone
    from converge.waiting import COMES_S

    api = access.api()
    if api.delete(KIND, name, NAMESPACE):
        wait_until_gone(api, Ref("Application", name, NAMESPACE, GROUP_VERSION), "", COMES_S)


def wait_until_said(access: Access, name: str, text: str, deadline_s: float) -> None:
    """Wait until an application's conditions say something: "authenticate".

    Raises:
        NotReady: they do not.
    """
    from converge.kubernetes.wait import wait_until

    def says(found: KubernetesObject | None) -> bool:
        return any(text in row["message"] for row in ((found or {}).get("status") or {}).get("conditions") or ())

    ref = Ref("Application", name, NAMESPACE, GROUP_VERSION)
    wait_until(access.api(), ref, says, deadline_s, wanted=f"application {name} to say {text!r}")
