"""What a component is: a name, what it requires, and the state that it should be in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from converge.inventory import Inventory
from converge.kubernetes.difference import Difference as Difference
from converge.kubernetes.objects import GeneratedSecret as GeneratedSecret
from converge.kubernetes.objects import KubernetesObject as KubernetesObject
from converge.nodes.provider import Cluster, NodeProvider
from converge.progress import SILENCE, Progress

if TYPE_CHECKING:
    import requests

    from converge.kubernetes.client import Api


@dataclass(frozen=True)
class Endpoint:
    """A host name that a component serves: ``Endpoint("api", "minio.thinkube.test")`` is ``https://minio.thinkube.test``."""

    name: str
    host: str

    @property
    def url(self) -> str:
        """``https://minio.thinkube.test``."""
        return f"https://{self.host}"


class Setting(Protocol):
    """Something that only a product's own admin API can hold: a realm, a bucket, a database.

    ``subject`` names it for people: "realm thinkube", "bucket acceptance", "database keycloak".
    """

    subject: str

    def differences(self) -> Sequence[Difference]:
        """Read what is there and compare; empty where nothing differs. Changes nothing.

        Raises:
            Unreachable: it could not be looked at, which is neither "absent" nor "different".
        """

    def write(self) -> None:
        """Make it so: create what is absent, change what differs, leave alone what is not ours."""


@dataclass(frozen=True)
class Context:
    """What a component may know when it says which Kubernetes objects it should consist of.

    ``image("keycloak")`` is the reference that the nodes run; ``release("cert-manager")`` the folder of the pinned upstream
    release's manifests; ``ca_pem()`` the platform's CA certificate (raises NotReady until cert-manager has made it).
    """

    inventory: Inventory
    ingress_address: str
    image: Callable[[str], str]
    release: Callable[[str], Path]
    ca_pem: Callable[[], str]


@dataclass(frozen=True)
class Access:
    """What a component's settings may use to reach the running platform.

    ``http`` trusts the platform's CA and resolves its domain to the ingress; ``secret("keycloak", "keycloak-admin", "password")``
    reads a Secret's value; ``cluster()`` is the running cluster;
    ``execute("postgres", "postgres-0", ["psql"], "select 1")`` runs a program in a pod and returns its output.
    """

    http: requests.Session
    secret: Callable[[str, str, str], str]
    execute: Callable[[str, str, Sequence[str], str], str]
    provider: NodeProvider
    cluster: Callable[[], Cluster]
    api: Callable[[], Api]
    progress: Progress = SILENCE


class Component:
    """One system of the platform; subclasses fill in what differs from these defaults."""

    name: ClassVar[str]
    issue: ClassVar[str]
    namespace: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    images: ClassVar[tuple[str, ...]] = ()

    def endpoints(self, inventory: Inventory) -> Sequence[Endpoint]:
        """The host names it serves."""
        return ()

    def secrets(self, inventory: Inventory) -> Sequence[GeneratedSecret]:
        """The Secrets it generates."""
        return ()

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """The Kubernetes objects it should consist of: pure, the same answer for the same context."""
        return ()

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """What components that it requires should hold for it, such as its database: written after its secrets, before its objects."""
        return ()

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """What it should hold in admin APIs, in the order in which it has to be written."""
        return ()
