"""What a component is: a name, what it requires, and the state that it should be in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from converge.inventory import Inventory

KubernetesObject = dict[str, Any]
"""A Kubernetes object as plain JSON data."""


@dataclass(frozen=True)
class Endpoint:
    """A host name that a component serves: ``Endpoint("api", "minio.thinkube.test")`` is ``https://minio.thinkube.test``."""

    name: str
    host: str

    @property
    def url(self) -> str:
        """``https://minio.thinkube.test``."""
        return f"https://{self.host}"


@dataclass(frozen=True)
class GeneratedSecret:
    """A Secret whose values are made once, at random, and then kept: it is created when absent, never overwritten.

    ``keys`` maps each key to its kind: ``"password"`` (32 letters and digits), ``"cookie"`` (32 bytes as hex... see secrets.py)
    or ``"=text"`` for a fixed value beside the generated ones, such as a user name.
    ``copies`` are namespaces in which consumers find the same Secret under the same name.
    """

    namespace: str
    name: str
    keys: Mapping[str, str]
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One thing that is not as wanted: ``Difference("realm thinkube", "bruteForceProtected", wanted=True, seen=False)``.

    ``manager`` is the field manager that wrote what was seen, where it is known. Secret values stand as "(secret)".
    """

    subject: str
    field: str
    wanted: Any
    seen: Any
    manager: str = ""


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
    """What a component may know when it says what it should be.

    ``image("keycloak")`` is the reference that the nodes run; ``release("cert-manager", "deploy/crds")`` a folder of the pinned
    upstream release; ``secret("keycloak", "keycloak-admin", "password")`` a generated value (settings only, never objects).
    ``ca_pem()`` is the platform's CA certificate once cert-manager has made it.
    """

    inventory: Inventory
    ingress_address: str
    image: Callable[[str], str]
    release: Callable[[str, str], Any]
    secret: Callable[[str, str, str], str] = field(repr=False)
    ca_pem: Callable[[], str]
    services: Mapping[str, Any] = field(default_factory=dict, repr=False)


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

    def settings(self, context: Context) -> Sequence[Setting]:
        """What it should hold in admin APIs, in the order in which it has to be written."""
        return ()
