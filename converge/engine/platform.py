"""The platform: an inventory, its components, and everything through which they are reached, each opened once and only when used.

What is done with it lies in files of its own (`converge.engine.operations` names them); nothing here knows of those.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from converge.components.component import Component
from converge.components.terms import Access, Context, KubernetesObject
from converge.engine.access import LazyAccess, ingress_address
from converge.engine.graph import BadGraph, Graph, nearest
from converge.engine.listing import listed
from converge.errors import NotReady
from converge.inventory import Inventory
from converge.inventory.model import ExistingNodes
from converge.nodes.provider import Cluster, NodeProvider
from converge.progress import SILENCE, Progress, State

if TYPE_CHECKING:
    import requests

    from converge.engine.loading import Loading
    from converge.engine.outcome import Outcome
    from converge.engine.writer_lease import WriterLease
    from converge.images.store import Images
    from converge.kubernetes.client import Api


T = TypeVar("T")


class opened_once(cached_property[T]):  # noqa: N801 - a decorator
    """A property that is made when first asked for, by one thread only."""

    if TYPE_CHECKING:

        def __get__(self, instance: Any, owner: type[Any] | None = None) -> T: ...  # type: ignore[override]

    else:

        def __get__(self, instance, owner=None):
            """Make it, or wait until another thread has."""
            if instance is None:
                return self
            with instance.opening:
                return super().__get__(instance, owner)


class Platform:
    """``Platform(inventory).component("keycloak")``, ``.api``, ``.images``: nothing is opened, read or started before it is needed."""

    def __init__(self, inventory: Inventory, *, progress: Progress = SILENCE) -> None:
        self.inventory = inventory
        self.progress = progress
        self.stopping = threading.Event()
        self.repaired_at = 0.0
        """When this run last changed something (seconds since 1970): what went wrong with a pod before may have had that cause."""
        self.opening = threading.RLock()
        self._cluster: Cluster | None = None
        self._is_up = threading.Event()
        self._existed_at_start: bool | None = None
        self._writing = threading.Lock()
        self._lease: WriterLease | None = None
        self._is_known = False

    # What it consists of

    @classmethod
    def known(cls, inventory: Inventory | None = None) -> Mapping[str, Component]:
        """Every component that there is, by name; without an inventory as the default one would have it."""
        from converge.components import known

        return known(inventory or Inventory())

    @opened_once
    def components(self) -> Mapping[str, Component]:
        """Every component that the inventory enables, and what those require, by name."""
        known = self.known(self.inventory)
        return {name: known[name] for name in self.inventory.enabled(known)}

    @opened_once
    def graph(self) -> Graph:
        """What comes before what."""
        provisioners = [name for name, component in self.components.items() if component.only_provisions]
        return Graph({name: component.requires for name, component in self.components.items()}, provisioners)

    @opened_once
    def unavailable(self) -> Mapping[str, str]:
        """The components that cannot exist with this inventory, each with the reason: no image, or what they require is one of them."""
        found: dict[str, str] = {}
        for name in self.graph.order:
            reasons = [reason for image in self.components[name].images if (reason := self.images.availability(image))]
            reasons += [f"requires {need}: {found[need]}" for need in self.graph.requires[name] if need in found]
            if reasons:
                found[name] = reasons[0]
        return found

    @property
    def possible(self) -> list[str]:
        """The components that can exist with this inventory, each after those that it requires."""
        return [name for name in self.graph.order if name not in self.unavailable]

    def component(self, name: str) -> Component:
        """One component.

        Raises:
            BadGraph: the inventory enables none of that name.
        """
        if name not in self.components:
            raise BadGraph("a component that exists", seen=f"{name}{nearest(name, self.components)}")
        return self.components[name]

    def objects(self, name: str) -> Sequence[KubernetesObject]:
        """The Kubernetes objects that a component should consist of."""
        return self.component(name).objects(self.context)

    # What it is reached through

    @opened_once
    def images(self) -> Images:
        """Where its images come from."""
        from converge.images.store import Images

        return Images(self.inventory, self.progress)

    @opened_once
    def provider(self) -> NodeProvider:
        """Where its nodes come from."""
        from converge.nodes import provider

        return provider(self.inventory, self.images, self.progress)

    def cluster(self) -> Cluster:
        """The running cluster.

        Raises:
            NotReady: it is not running.
        """
        if (cluster := self.find_cluster()) is None:
            raise NotReady(
                f"cluster {self.inventory.name} running", seen=self.provider.why_not(), next_command=self.provider.next_command()
            )
        return cluster

    def find_cluster(self) -> Cluster | None:
        """The cluster if it runs."""
        with self.opening:
            if self._cluster is None:
                if self._existed_at_start is None:
                    self._existed_at_start = self.provider.exists()
                self._cluster = self.provider.find()
                if self._cluster is not None:
                    self._is_up.set()
            return self._cluster

    @opened_once
    def api(self) -> Api:
        """The cluster's API, as its administrator."""
        from converge.kubernetes.client import Api

        kubeconfig, nodes = self.cluster().kubeconfig, self.inventory.nodes
        if isinstance(nodes, ExistingNodes):
            return Api.from_kubeconfig(kubeconfig, nodes.context, foreign=True)
        return Api.from_kubeconfig(kubeconfig)

    def watched(self, subject: str) -> Api:
        """The same for one piece of work: what its requests wait for is shown under its name."""
        return self.api.view(waiting=lambda words: self.progress.note(subject, State.WAITING, words))

    @opened_once
    def context(self) -> Context:
        """What components may know."""
        return Context(
            inventory=self.inventory,
            ingress_address=ingress_address(self.inventory),
            image=lambda name: self.images.reference(name),
            release=lambda name: self.images.release(name),
            ca_pem=self.ca_pem,
            components=lambda: [listed(one, self.images) for name, one in self.components.items() if name not in self.unavailable],
            version=lambda name: self.images.version(name),
        )

    @opened_once
    def access(self) -> Access:
        """What settings and steps may use to reach the running platform."""
        return self._access(lambda: self.api, self._session)

    def access_for(self, subject: str) -> Access:
        """The same for one piece of work: what its requests wait for is shown under its name."""
        from converge.http import watched

        def tell(words: str) -> None:
            self.progress.note(subject, State.WAITING, words)

        return self._access(lambda: self.watched(subject), lambda: watched(self.access.http, tell))

    @opened_once
    def read_only_access(self) -> Access:
        """The same for plans and verification: the cluster is not written through it."""
        return self._access(lambda: self.api, self._session, read_only=True)

    def _access(self, api: Callable[[], Api], http: Callable[[], requests.Session], *, read_only: bool = False) -> Access:
        return LazyAccess(api=api, http=http, provider=self.provider, cluster=self.cluster, progress=self.progress, read_only=read_only)

    def _session(self) -> requests.Session:
        from converge.http import session

        return session({self.inventory.domain_name: ingress_address(self.inventory)}, self.ca_pem)

    def ca_pem(self) -> str:
        """What to trust: the certificate of the platform's CA first, then those beside it while one CA follows another.

        Raises:
            NotReady: there is none yet.
        """
        from converge.components.cert_manager import authority

        if not (bundle := authority.bundle(authority.find(self.api))):
            seen = f"Secret {authority.NAMESPACE}/{authority.CA} does not hold one"
            raise NotReady(f"the certificate of {authority.SUBJECT}", seen=seen, next_command="pytest features/ -m cert-manager")
        return bundle

    # What a run shares while it works, and ends with

    @opened_once
    def loading(self) -> Loading:
        """The images on their way into the nodes."""
        from converge.engine.loading import Loading

        return Loading(self.images, self._wait_for_cluster)

    def take_lease(self) -> float:
        """Become the one who writes to this platform; called before every write, so that a run which changes nothing never does.

        Returns since when (`time.monotonic`): what was read earlier may have been changed by another run.

        Raises:
            NotReady: another run holds it beyond the inventory's deadline, or has taken it from this one.
            Refused: the cluster is another platform's.
        """
        from converge.engine.identity import refuse_another, remember
        from converge.engine.writer_lease import WriterLease

        with self._writing:
            if self.stopping.is_set():
                raise NotReady("to write", seen="the run is being stopped")
            if self._lease is None:
                refuse_another(self.api, self.inventory)
                self._lease = WriterLease(self.api.view(), self.inventory.deadlines.lease_s, self.progress)
            self._lease.check()
            if not self._is_known:
                refuse_another(self.api, self.inventory)  # another run may have been the first while this one waited
                remember(self.api, self.inventory)
                self._is_known = True
            return self._lease.since

    def close(self, outcomes: Mapping[str, Outcome], started_at: float) -> None:
        """Write down what was changed, if anything was, and let others write."""
        from converge.engine.record import write_record

        if self._lease is not None:
            try:
                if any(outcome.changes for outcome in outcomes.values()):
                    write_record(self.api.view(), outcomes, started_at)
            finally:
                self._lease.release()
        if "api" in self.__dict__:
            self.api.close()

    def record_acceptance(self, scenarios: Sequence[tuple[Collection[str], str]], report: str) -> None:
        """Write down in the cluster how scenarios ended (tags and outcome of each), and where the report is published."""
        from converge.engine.record import endings, write_acceptance

        write_acceptance(self.api.view(patience_s=5), endings(scenarios, self.components), time.time(), report)

    def delete_cluster(self) -> None:
        """Delete the cluster, unless it existed already before this run, running or stopped."""
        if self._existed_at_start is False:
            self.provider.delete()

    def stop(self) -> None:
        """Call off what is under way: nothing new is written, built or waited for."""
        self.stopping.set()
        if "loading" in self.__dict__:
            self.loading.stop()
        if "images" in self.__dict__:
            self.images.cancel()

    def _wait_for_cluster(self) -> Cluster:
        while not self._is_up.wait(0.5):
            if self.stopping.is_set():
                raise NotReady("to load images", seen="the run is being stopped")
        return self.cluster()
