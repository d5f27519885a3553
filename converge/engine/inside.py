"""The platform seen from inside: one component is worked on, with the rights of a pod's account; the others are taken as they stand.

What it has to be told lies in a folder (``THINKUBE_TOLD``), which a converge from outside has written: the inventory, the images that
the nodes run, and the authority to trust.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converge.engine.access import ingress_address
from converge.engine.graph import Graph
from converge.engine.operations import Operations
from converge.engine.outcome import Outcome, Result
from converge.engine.platform import Platform, opened_once
from converge.errors import Refused

if TYPE_CHECKING:
    from converge.components.component import Component
    from converge.images.told import ToldImages
    from converge.inventory import Inventory
    from converge.kubernetes.client import Api
    from converge.nodes.inside import ProviderInside

NAME = "harness"
"""The component whose pods this runs in."""

TOLD = "THINKUBE_TOLD"
COMPONENT = "THINKUBE_COMPONENT"
INVENTORY, IMAGES, CA = "inventory.yaml", "images.json", "ca.crt"


def told(name: str) -> Path:
    """One of the files that a program inside is told by."""
    return Path(os.environ.get(TOLD) or "/etc/thinkube") / name


class PlatformInside(Platform):
    """As ``Platform``; nothing is looked for outside the namespace of the one component."""

    @property
    def only(self) -> str:
        """The component that is worked on."""
        return os.environ[COMPONENT]

    @opened_once
    def components(self) -> Mapping[str, Component]:
        """As ``Platform.components``, with the one, but without the harness and what requires it: they stand in nobody's way here."""
        known = self.known(self.inventory)
        graph = Graph({name: component.requires for name, component in known.items()})
        wanted = {*super().components, *graph.closure([self.only])}
        return {name: component for name, component in known.items() if name in wanted and NAME not in graph.closure([name])}

    @opened_once
    def unavailable(self) -> Mapping[str, str]:
        """Whether the one component cannot be had; the others are there."""
        reasons = [reason for image in self.components[self.only].images if (reason := self.images.availability(image))]
        return {self.only: reasons[0]} if reasons else {}

    @opened_once
    def images(self) -> ToldImages:
        """What the nodes run."""
        from converge.images.told import ToldImages

        return ToldImages(self.inventory, told(IMAGES))

    @opened_once
    def provider(self) -> ProviderInside:
        """The cluster around."""
        from converge.nodes.inside import ProviderInside

        return ProviderInside(self.inventory.name, ingress_address(self.inventory), Path(tempfile.gettempdir()) / "thinkube")

    @opened_once
    def api(self) -> Api:
        """The cluster's API, as the pod's account."""
        from converge.kubernetes.client import Api

        return Api.from_kubeconfig(self.cluster().kubeconfig, within=self.component(self.only).namespace)

    def ca_pem(self) -> str:
        """What to trust; the Secret with the authority's key is nobody's business here."""
        return told(CA).read_text(encoding="utf-8")

    @opened_once
    def loading(self) -> Any:
        """Nothing is on its way into the nodes."""
        return Loaded()


class PlatformOfOne(PlatformInside):
    """As if there were only the one component and what it requires: for its removal, when `refuse_needed` has looked at the others."""

    @classmethod
    def known(cls, inventory: Inventory | None = None) -> Mapping[str, Component]:
        """See ``Platform.known``."""
        every = super().known(inventory)
        needed = Graph({name: component.requires for name, component in every.items()}).closure([os.environ[COMPONENT]])
        return {name: every[name] for name in needed}


class Loaded:
    """As `Loading`, where the nodes have everything."""

    def begin(self, names: Iterable[str], releases: Iterable[str] = ()) -> None:
        """Nothing."""

    def finish(self, names: Iterable[str]) -> float:
        """At once: no node lacked anything."""
        return 0.0

    def stop(self) -> None:
        """Nothing."""


class OperationsInside(Operations):
    """As ``Operations``, for the one component; others are neither converged nor looked at."""

    platform: PlatformInside

    def check(self) -> None:
        """Nothing is needed of this machine, which is a pod."""

    def prepare(self, names: Iterable[str]) -> None:
        """Nothing: the nodes have everything."""

    def converge(self, name: str) -> Outcome:
        """See ``Operations.converge``."""
        return super().converge(name) if name == self.platform.only else _as_it_stands(name)

    def verify(self, name: str) -> Outcome:
        """See ``Operations.verify``."""
        return super().verify(name) if name == self.platform.only else _as_it_stands(name)

    def verify_again(self, name: str) -> Outcome:
        """See ``Operations.verify_again``."""
        return super().verify_again(name) if name == self.platform.only else _as_it_stands(name)

    def wait_until_serving(self, names: Iterable[str]) -> None:
        """See ``Operations.wait_until_serving``."""
        super().wait_until_serving(name for name in names if name == self.platform.only)


def refuse_needed(inventory: Inventory, name: str) -> None:
    """Refuse to take away what another component of the inventory requires: whether that one stands cannot be seen from inside.

    Raises:
        Refused: some do, and which.
    """
    if needing := [other for other in Platform(inventory).graph.dependants(name) if other != NAME]:
        raise Refused(
            f"{name} taken away from inside",
            seen=f"required by {', '.join(needing)}",
            next_command=f"thinkube rollback {name} --with-dependants",
        )


def _as_it_stands(name: str) -> Outcome:
    return Outcome(name, Result.CONVERGED, text="taken as it stands")
