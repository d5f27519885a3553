"""What components are made of: parts, each of which knows what it requires and the state that it should be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from converge.components.terms import (
    Access,
    Backup,
    Context,
    Credential,
    Endpoint,
    GeneratedSecret,
    KubernetesObject,
    Probe,
    Remark,
    Setting,
)
from converge.inventory import Inventory


class Part:
    """One thing that a component needs, with its whole life; by itself it needs nothing.

    A part may be made of parts (`parts`), which come before it. What its user has to know it hands out as attributes
    (``database.host``, ``client.secret``), so that no naming convention is known in two places.
    """

    uses: str = ""
    """What it is to whoever has it, where somebody else's component gives it: "database"; `acceptance.dependencies` tries each kind."""
    requires: Sequence[str] = ()
    """The components that have to be there before it."""
    images: Sequence[str] = ()
    releases: Sequence[str] = ()
    """The upstream releases whose manifests it fits to this platform: obtained ahead, as images are."""
    qualities: Sequence[str] = ()
    """What a component has with it, and promises for that: ``("workloads",)``; `converge.engine.tags` says what each means."""

    def parts(self) -> Sequence[Part]:
        """What it is made of."""
        return ()

    def endpoints(self) -> Sequence[Endpoint]:
        """The host names it serves."""
        return ()

    def probes(self) -> Sequence[Probe]:
        """How something in the cluster tells whether it serves."""
        return ()

    def secrets(self) -> Sequence[GeneratedSecret]:
        """The Secrets it generates."""
        return ()

    def objects(self, context: Context) -> Sequence[KubernetesObject]:
        """The Kubernetes objects it consists of: pure, the same answer for the same context."""
        return ()

    def prerequisites(self, context: Context, access: Access) -> Sequence[Setting]:
        """What components that it requires should hold for it, such as a database: written after its secrets, before its objects."""
        return ()

    def settings(self, context: Context, access: Access) -> Sequence[Setting]:
        """What it should hold in admin APIs, in the order in which it has to be written."""
        return ()

    def remarks(self, access: Access) -> Sequence[Remark]:
        """What somebody did to it on purpose, read from the running cluster; a converge leaves it as it is."""
        return ()

    def backups(self, context: Context, access: Access) -> Sequence[Backup]:
        """What of its data is copied before another version of the component's programs may change it."""
        return ()

    def credentials(self, context: Context, access: Access) -> Sequence[Credential]:
        """How its generated Secrets are tried and told to products when they are rotated; what is not named is only replaced."""
        return ()


class PartWithSecret(Part):
    """A part that generates one Secret, which it hands out as ``secret``."""

    secret: GeneratedSecret

    def secrets(self) -> Sequence[GeneratedSecret]:
        """See ``Part.secrets``."""
        return (self.secret,)


class Owner(Protocol):
    """Whose part it is: parts are named after their component and live in its namespace."""

    name: str
    namespace: str
    inventory: Inventory


@dataclass
class Elsewhere:
    """Owner of those parts of a component that lie in another namespace: ``Elsewhere("mkdocs-builder", "argo", inventory)``."""

    name: str
    namespace: str
    inventory: Inventory
