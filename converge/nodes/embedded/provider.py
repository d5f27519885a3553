"""Brings an embedded cluster up, down and away."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from converge.errors import Refused, ThinkubeError
from converge.inventory import Inventory
from converge.nodes.embedded import checks, links, record
from converge.nodes.embedded.cgroups import Cgroups
from converge.nodes.embedded.cluster import EmbeddedCluster
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machine import machines
from converge.nodes.embedded.machines import Machines
from converge.nodes.embedded.program_logs import last_words
from converge.nodes.embedded.spaces import BRIDGE, Spaces
from converge.nodes.embedded.start import Start
from converge.nodes.kubeadm import configuration
from converge.nodes.kubeadm.inspection import Inspection
from converge.nodes.kubeadm.membership import Membership
from converge.nodes.kubeadm.ready import Patience
from converge.nodes.kubeadm.steps import run_steps
from converge.nodes.lock import alone, locked
from converge.places import state_folder
from converge.progress import Progress, State

if TYPE_CHECKING:
    from converge.images.store import Images
    from converge.kubernetes.client import Api
    from converge.kubernetes.difference import Difference

GRACE_S = 5.0
READY_S = 15.0
"""How long the API server of a cluster whose programs all run is asked again: on a busy machine it may miss one question."""


class EmbeddedProvider:
    """The cluster that an inventory describes, whatever state it is in."""

    def __init__(self, inventory: Inventory, images: Images, progress: Progress) -> None:
        self.inventory = inventory
        self.images = images
        self.progress = progress
        self.layout = Layout.of(inventory, state_folder())
        self.seconds: dict[str, float] = {}

    @cached_property
    def cgroups(self) -> Cgroups:
        """This machine's control groups."""
        return Cgroups.detect()

    @cached_property
    def spaces(self) -> Spaces:
        """The cluster's namespaces."""
        return Spaces(self.layout, self.cgroups)

    @property
    def subject(self) -> str:
        """What progress is told of."""
        return f"cluster {self.layout.name}"

    def check(self) -> None:
        """See that this machine has what a start needs.

        Raises:
            Missing: everything that it lacks.
        """
        if not self._lives():
            checks.require(self.layout, cgroups=self.cgroups, is_new=record.read(self.layout.folder) is None)

    def start(self, progress: Progress) -> EmbeddedCluster:
        """Create the cluster, start what is stopped, mend what is half dead; quick where it already runs.

        Raises:
            Missing: this machine lacks something; everything that it lacks is said.
            Refused: a cluster of that name has other ranges.
            NotReady: it did not come up before the deadline.
        """
        known = record.read(self.layout.folder)
        if known and known.made:
            self._compare(known)
            if self.runs() and self._is_whole():
                return self._running()
        if not self._lives():
            checks.require(self.layout, cgroups=self.cgroups, is_new=known is None)
        with self._alone():
            known = record.read(self.layout.folder)
            if known is None or not known.made:
                if self.layout.folder.exists():
                    progress.note(self.subject, State.WAITING, "removing what a start left that did not get far")
                    self._remove()
                known = record.Record.of(self.layout, configuration.VERSION)
                self._claim(known)
            self._compare(known)
            progress.note(self.subject, State.STARTED)
            stopped = threading.Event()
            patience = Patience(self.inventory.deadlines.nodes_s, stopped)
            nodes = Machines(self.layout, self.spaces, self.images, patience, known.made)
            membership = Membership(self.layout, machines(self.layout, self.spaces), patience, progress)
            steps = Start(self.layout, nodes, membership, patience, self._made).steps()
            try:
                self.seconds = run_steps(steps, progress, self.subject, stopped=stopped)
            except KeyboardInterrupt:
                self.images.cancel()  # a build would go on for minutes
                raise
            record.Record.of(self.layout, configuration.VERSION).as_made().save(self.layout.folder)
        progress.note(self.subject, State.DONE)
        return self._running()

    def find(self) -> EmbeddedCluster | None:
        """The cluster if it is running now."""
        return self._running() if self.runs() else None

    def exists(self) -> bool:
        """Whether it has been made, running or stopped."""
        known = record.read(self.layout.folder)
        return known is not None and known.made

    def runs(self) -> bool:
        """Whether every node's own programs run and the API server serves, or does so again within a moment."""
        if not self._lives():
            return False
        from converge.kubernetes.client import Api

        try:
            with Api.from_kubeconfig(self.layout.kubeconfig) as api:
                api.view(patience_s=READY_S).read("/readyz")
        except ThinkubeError:
            return False
        return True

    def why_not(self) -> str:
        """It is stopped, or was never made."""
        return "not running"

    def next_command(self) -> str:
        """What makes it run."""
        return "pytest features/ or thinkube cluster start"

    def differences(self) -> Sequence[Difference]:
        """What of the running cluster a start would mend, but for nodes that are not Ready."""
        with self._superuser() as api:
            return Inspection(self.layout, machines(self.layout, self.spaces), api).differences()

    def last_words(self, node: str) -> str:
        """What the kubelet of a node said last."""
        return last_words(self.layout, node)

    def stop(self) -> None:
        """Stop every process: kubelets first, so that nothing is started again; then containers, asked politely; then the rest."""
        if self.layout.folder.exists():
            with self._alone():
                self._end(GRACE_S)

    def delete(self) -> None:
        """Remove the cluster and every trace of it, data included."""
        if self.layout.folder.exists():
            with self._alone():
                self._remove()
                shutil.rmtree(self.layout.folder)
        with contextlib.suppress(OSError):  # other clusters live there
            self.layout.state.rmdir()

    def shell(self, node: str, argv: Sequence[str] = ()) -> list[str]:
        """The command that enters a node: ``shell("control")``, ``shell("worker-1", ["crictl", "ps"])``.

        Raises:
            Refused: there is no such node.
            NotReady: it does not run.
        """
        return self.spaces.inside(self._running().node(node).name, argv or ["/bin/bash", "--norc", "-i"], terminal=True)

    def _is_whole(self) -> bool:
        try:
            with self._superuser() as api:
                inspection = Inspection(self.layout, machines(self.layout, self.spaces), api)
                return not inspection.unready() and not inspection.differences()
        except ThinkubeError:  # as with credentials that have expired
            return False

    def _superuser(self) -> Api:
        """The API server as one whose rights need no object in the cluster."""
        from converge.kubernetes.client import Api

        return Api.from_kubeconfig(self.layout.superuser)

    def _lives(self) -> bool:
        """Whether every node's own programs run."""
        if not self.layout.kubeconfig.exists() or self.spaces.holder(BRIDGE) is None or not links.is_connected(self.layout):
            return False
        programs = ("init", "containerd", "kubelet")
        return all(self.spaces.process(node.name, program) is not None for node in self.layout.nodes for program in programs)

    def _running(self) -> EmbeddedCluster:
        return EmbeddedCluster(self.layout, self.spaces, self.progress)

    def _made(self) -> None:
        record.Record.of(self.layout, configuration.VERSION).as_made().save(self.layout.folder)

    def _end(self, grace_s: float) -> None:
        group = self.spaces.group
        if not self.cgroups.exists(group):
            links.disconnect_host(self.layout)
            return
        own = {
            pid
            for node in self.layout.nodes
            for name in ("init", "containerd")
            for pid in self.cgroups.processes(f"{self.spaces.group_of(node.name)}/{name}")
        }
        own |= self.cgroups.processes(self.spaces.group_of(BRIDGE))
        for node in self.layout.nodes:
            self.spaces.end(node.name, "kubelet")
        self.cgroups.end(group, grace_s=grace_s, only=lambda pid: pid not in own)
        self.cgroups.end(group)
        links.disconnect_host(self.layout)
        self.cgroups.remove(group)

    def _remove(self) -> None:
        """Everything but the folder itself, on which the lock is."""
        self._end(0)
        for entry in self.layout.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()

    def _compare(self, known: record.Record) -> None:
        wanted = record.Record.of(self.layout, configuration.VERSION)
        fields = ("version", "subnet", "pod_subnet", "service_subnet")
        found = [
            f"{name} {getattr(known, name)}, wanted {getattr(wanted, name)}"
            for name in fields
            if getattr(known, name) != getattr(wanted, name)
        ]
        if wanted.workers < known.workers:
            found.append(f"{known.workers} workers, wanted {wanted.workers}")
        if found:
            raise Refused(
                f"cluster {known.name} as the inventory describes it",
                seen="it was made with " + "; ".join(found),
                cause="these cannot be changed while its data is kept",
                next_command=f"thinkube cluster delete --cluster-name {known.name}",
            )

    def _claim(self, mine: record.Record) -> None:
        """Write the record while no other start looks, so that two new clusters cannot both find a range free."""
        with locked(self.layout.state, lambda: None):
            checks.require(self.layout, cgroups=self.cgroups, is_new=False)
            mine.save(self.layout.folder)

    def _alone(self) -> AbstractContextManager[None]:
        """One start, stop or delete at a time."""
        return alone(self.layout.folder, self._say_that_it_waits)

    def _say_that_it_waits(self) -> None:
        self.progress.note(self.subject, State.WAITING, "for another run that starts, stops or deletes it")
