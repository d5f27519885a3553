"""The platform: an inventory, its components, and everything that converging them needs, opened only when used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from converge.components.component import Access, Component, Context
from converge.engine.outcome import Outcome, Plan
from converge.inventory import Inventory
from converge.nodes.provider import Cluster, NodeProvider
from converge.progress import SILENCE, Progress

if TYPE_CHECKING:
    from converge.kubernetes.client import Api


class Platform:
    """``Platform(inventory).converge("keycloak")``; nothing is opened, read or started before it is needed."""

    def __init__(self, inventory: Inventory, *, components: Sequence[type[Component]] | None = None, progress: Progress = SILENCE) -> None:
        self.inventory = inventory
        self.progress = progress
        self._table = components

    @cached_property
    def components(self) -> Mapping[str, Component]:
        """Every component that the inventory enables, and what those require, by name."""
        raise NotImplementedError

    @cached_property
    def provider(self) -> NodeProvider:
        """Where the nodes come from."""
        raise NotImplementedError

    def cluster(self) -> Cluster:
        """The running cluster.

        Raises:
            NotReady: it is not running.
        """
        raise NotImplementedError

    @cached_property
    def api(self) -> Api:
        """The cluster's API."""
        raise NotImplementedError

    @cached_property
    def context(self) -> Context:
        """What components may know."""
        raise NotImplementedError

    @cached_property
    def access(self) -> Access:
        """What settings and steps may use to reach the running platform."""
        raise NotImplementedError

    def ca_pem(self) -> str:
        """The platform's CA certificate.

        Raises:
            NotReady: cert-manager has not made it yet.
        """
        raise NotImplementedError

    def plan(self, name: str) -> Plan:
        """What a converge of this component would change; writes nothing."""
        raise NotImplementedError

    def converge(self, name: str) -> Outcome:
        """Bring one component (not what it requires) to its desired state and wait until it serves."""
        raise NotImplementedError

    def verify(self, name: str) -> Outcome:
        """Look whether one component is there and serves; writes nothing."""
        raise NotImplementedError
