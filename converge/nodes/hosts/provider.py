"""Brings a cluster on hosts up, down and away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from converge.errors import Refused, ThinkubeError
from converge.inventory import Inventory
from converge.inventory.model import HostsNodes, SshHost
from converge.kubernetes.difference import Difference
from converge.nodes.hosts import account, departure, leaving, preflight, record, setup
from converge.nodes.hosts.cluster import HostsCluster
from converge.nodes.hosts.connection import Connection
from converge.nodes.hosts.machine import HostMachine, reached
from converge.nodes.hosts.plan import HostsPlan, Traits
from converge.nodes.hosts.start import Start
from converge.nodes.kubeadm import configuration
from converge.nodes.kubeadm.inspection import Inspection
from converge.nodes.kubeadm.membership import Membership
from converge.nodes.kubeadm.ready import Patience
from converge.nodes.kubeadm.steps import run_steps
from converge.nodes.lock import alone
from converge.places import state_folder
from converge.progress import Progress, State

if TYPE_CHECKING:
    from converge.images.store import Images
    from converge.kubernetes.client import Api
    from converge.nodes.hosts.facts import Facts

READY_S = 5.0
LOOKS_AGAIN_S = 60.0


class HostsProvider:
    """The cluster that an inventory describes, whatever state it is in."""

    def __init__(self, inventory: Inventory, images: Images, progress: Progress) -> None:
        if not isinstance(inventory.nodes, HostsNodes):
            raise TypeError(f"not an inventory of hosts: {inventory.nodes.kind}")
        self.inventory = inventory
        self.images = images
        self.progress = progress
        self.hosts = {host.name: host for host in inventory.nodes.hosts}
        self.folder = state_folder() / inventory.name
        self.seconds: dict[str, float] = {}
        self._looking = threading.Lock()
        self._looked = 0.0, ""

    @cached_property
    def connections(self) -> Mapping[str, Connection]:
        """The way to each host."""
        return {name: self._connection(host) for name, host in self.hosts.items()}

    @property
    def subject(self) -> str:
        """What progress is told of."""
        return f"cluster {self.inventory.name}"

    def check(self) -> None:
        """See that every host has what a start needs, where it is no node yet.

        Raises:
            Missing: everything that is wrong with each host.
        """
        if not self.exists():
            preflight.look(self._plan({}), self.connections).require(self.inventory.name)

    def start(self, progress: Progress) -> HostsCluster:
        """Make the cluster, start what is stopped, mend what is half dead; quick where it already runs.

        Raises:
            Missing: something is wrong with hosts; everything is said.
            Refused: the cluster was made with other ranges, or on another control host.
            NotReady: it did not come up before the deadline.
        """
        known = record.read(self.folder)
        if known and known.made:
            self._compare(known)
            if self.runs() and self._is_whole():
                return self._running(known)
        with alone(self.folder, self._say_that_it_waits):
            progress.note(self.subject, State.STARTED)
            known = record.read(self.folder)
            found = preflight.look(self._plan(known.shares if known else {}), self.connections)
            gone = self._do_without(found, known, progress)
            found.require(self.inventory.name, without=gone)
            known = self._claim(known, found.facts)
            self._bring_up(known, gone, progress)
            known = self._dismiss(known, progress)
        progress.note(self.subject, State.DONE)
        return self._running(known)

    def find(self) -> HostsCluster | None:
        """The cluster if it is running now."""
        known = record.read(self.folder)
        return self._running(known) if known and known.made and self.runs() else None

    def exists(self) -> bool:
        """Whether it has been made, as far as this machine remembers."""
        known = record.read(self.folder)
        return known is not None and known.made

    def runs(self) -> bool:
        """Whether its API server serves, or does so again within a moment."""
        from converge.kubernetes.client import Api

        kubeconfig = self._plan({}).kubeconfig
        if not kubeconfig.exists():
            return False
        try:
            with Api.from_kubeconfig(kubeconfig) as api:
                api.view(patience_s=READY_S).read("/readyz")
        except ThinkubeError:
            return False
        return True

    def why_not(self) -> str:
        """It is stopped or was never made; and what is wrong with its hosts, looked at once a minute."""
        with self._looking:
            when, found = self._looked
            if not found or time.monotonic() - when > LOOKS_AGAIN_S:
                known = record.read(self.folder)
                hosts = preflight.look(self._plan(known.shares if known else {}), self.connections)
                found = "\n".join(("not running", *hosts.lines()))
                self._looked = time.monotonic(), found
            return found

    def next_command(self) -> str:
        """What makes it run."""
        return "pytest features/ or thinkube cluster start"

    def differences(self) -> Sequence[Difference]:
        """What of the running cluster a start would mend, but for nodes that are not Ready."""
        known = record.read(self.folder)
        if known is None:
            return ()
        plan = self._plan(known.shares, known.traits)
        machines = self._machines(plan)
        nodes = [node for node in plan.nodes if node.name in machines]
        with self._superuser(plan) as api, ThreadPoolExecutor(len(nodes) + 1, thread_name_prefix="look") as pool:
            inspected = pool.submit(Inspection(plan, machines, api).differences)
            stale = pool.map(lambda node: setup.differing(plan, machines[node.name], node), nodes)
            files = [
                Difference(f"host {node.name}", path, wanted="as thinkube writes it", seen="absent or changed")
                for node, found in zip(nodes, stale, strict=True)
                for path in sorted(found)
            ]
            control = machines[plan.control.name]
            mine = account.differing(plan, control, plan.kubeconfig.read_text())
            files += [
                Difference(f"host {control.name}", f"~/{path}", wanted="as thinkube writes it", seen="absent or changed") for path in mine
            ]
            return [*inspected.result(), *files]

    def last_words(self, node: str) -> str:
        """What the kubelet of a host said last."""
        known = record.read(self.folder)
        if known is None or node not in self.hosts:
            return ""
        try:
            return self._machine(node, known.traits.get(node, Traits())).said("kubelet").words
        except ThinkubeError as error:
            return error.seen

    def stop(self) -> None:
        """Stop every process of ours on the hosts; data stays."""
        if (known := record.read(self.folder)) is not None:
            with alone(self.folder, self._say_that_it_waits):
                plan = self._plan(known.shares, known.traits)
                self._on_each(plan, leaving.stop)

    def delete(self) -> None:
        """Remove the cluster and every trace of it from the hosts and from this machine, data included."""
        import shutil

        known = record.read(self.folder)
        if known is not None:
            with alone(self.folder, self._say_that_it_waits):
                plan = self._plan(known.shares, known.traits)
                machines = self._machines(plan)
                account.remove(plan, machines[plan.control.name])
                self._on_each(plan, leaving.leave)
                for connection in self.connections.values():
                    connection.close()
                shutil.rmtree(self.folder)

    def shell(self, node: str, argv: Sequence[str] = ()) -> list[str]:
        """The command that enters a host, by the connection that is shared.

        Raises:
            Refused: there is no such node.
            Unreachable: it does not answer.
        """
        connection = self._running(record.read(self.folder)).machine(node).connection
        connection.open()
        return connection.terminal(argv)

    # Internals

    def _do_without(self, found: preflight.Preflight, known: record.Record | None, progress: Progress) -> list[str]:
        """The workers of a cluster that is made which cannot be reached: what is left of it works on."""
        roles = {name: host.role for name, host in self.hosts.items()}
        gone = {name: error for name, error in found.unreached.items() if known and known.made and roles[name] == "worker"}
        for name, error in gone.items():
            progress.note(name, State.WAITING, f"going on without it: {error.seen}")
        return list(gone)

    def _bring_up(self, known: record.Record, gone: Collection[str], progress: Progress) -> None:
        plan = self._plan(known.shares, known.traits)
        stopped = threading.Event()
        patience = Patience(self.inventory.deadlines.nodes_s, stopped)
        machines = {node.name: self._machine(node.name, plan.traits[node.name]) for node in plan.nodes if node.name not in gone}
        hosts = setup.Setup(plan, machines, self.images, patience, progress, known.made)
        membership = Membership(plan, machines, patience, progress)
        steps = Start(plan, hosts, membership, patience, lambda: replace(known, made=True).save(self.folder)).steps()
        try:
            self.seconds = run_steps(steps, progress, self.subject, stopped=stopped, workers=8 + 2 * len(plan.nodes))
        except KeyboardInterrupt:
            self.images.cancel()  # a build would go on for minutes
            raise

    def _dismiss(self, known: record.Record, progress: Progress) -> record.Record:
        """Let the hosts go that the inventory does not name any more."""
        for name in known.hosts.keys() - self.hosts.keys():
            host = SshHost.model_validate(known.hosts[name]["ssh"])
            machine = HostMachine(name, self._connection(host), known.traits[name].has_systemd)
            with self._superuser(self._plan(known.shares)) as api:
                departure.remove(api, machine, progress, self.inventory.deadlines.nodes_s)
            known = replace(known, hosts={other: kept for other, kept in known.hosts.items() if other != name}, made=True)
            known.save(self.folder)
        return replace(known, made=True)

    def _plan(self, shares: Mapping[str, int], traits: Mapping[str, Traits] | None = None) -> HostsPlan:
        return HostsPlan.of(self.inventory, state_folder(), shares, traits)

    def _claim(self, known: record.Record | None, facts: Mapping[str, Facts]) -> record.Record:
        """Remember which hosts are this cluster's before any of them is touched; what was forgotten here is known there."""
        shares = {name: int(one.record["share"]) for name, one in facts.items() if one.record} | (known.shares if known else {})
        traits = (known.traits if known else {}) | {name: one.traits for name, one in facts.items()}
        plan = self._plan(shares, traits)
        hosts = dict(known.hosts) if known else {}
        for node in (one for one in plan.nodes if one.name in traits):  # a new host that does not answer is none of ours yet
            kind = plan.traits[node.name]
            hosts[node.name] = {
                "ssh": self.hosts[node.name].model_dump(mode="json"),
                "share": plan.shares[node.name],
                "systemd": kind.has_systemd,
                "resolved": kind.has_resolved,
            }
        ranges = str(plan.pod_subnet), str(plan.service_subnet)
        mine = record.Record(plan.name, configuration.VERSION, *ranges, hosts, made=known is not None and known.made)
        mine.save(self.folder)
        return mine

    def _running(self, known: record.Record | None) -> HostsCluster:
        plan = self._plan(known.shares if known else {}, known.traits if known else {})
        machines = {node.name: self._machine(node.name, plan.traits.get(node.name, Traits())) for node in plan.nodes}
        return HostsCluster(plan, machines, self.progress)

    def _machines(self, plan: HostsPlan) -> dict[str, HostMachine]:
        """Those hosts that can be reached.

        Raises:
            Unreachable, Refused: the control node cannot.
        """
        return reached(plan, {node.name: self._machine(node.name, plan.traits.get(node.name, Traits())) for node in plan.nodes})

    def _machine(self, name: str, traits: Traits) -> HostMachine:
        return HostMachine(name, self.connections[name], traits.has_systemd)

    def _connection(self, host: SshHost) -> Connection:
        return Connection(host, self.folder / "ssh")

    def _on_each(self, plan: HostsPlan, do: Callable[[HostMachine], None]) -> None:
        machines = self._machines(plan)
        for name in self.hosts.keys() - machines.keys():
            self.progress.note(name, State.WAITING, "not reached: what is ours stays there")
        with ThreadPoolExecutor(len(machines), thread_name_prefix="host") as pool:
            list(pool.map(do, machines.values()))

    def _is_whole(self) -> bool:
        known = record.read(self.folder)
        if known is None or set(known.hosts) != set(self.hosts):
            return False
        try:
            plan = self._plan(known.shares, known.traits)
            if len(self._machines(plan)) < len(plan.nodes):
                return False
            with self._superuser(plan) as api:
                return not Inspection(plan, {}, api).unready() and not self.differences()
        except ThinkubeError:  # as with credentials that have expired
            return False

    def _superuser(self, plan: HostsPlan) -> Api:
        from converge.kubernetes.client import Api

        return Api.from_kubeconfig(plan.superuser)

    def _compare(self, known: record.Record) -> None:
        plan = self._plan(known.shares)
        wanted = {"version": configuration.VERSION, "pod_subnet": str(plan.pod_subnet), "service_subnet": str(plan.service_subnet)}
        found = [f"{name} {getattr(known, name)}, wanted {text}" for name, text in wanted.items() if getattr(known, name) != text]
        control = next((name for name, host in known.hosts.items() if host["ssh"]["role"] == "control"), "")
        if control != plan.control.name:
            found.append(f"control node {control}, wanted {plan.control.name}")
        elif (address := known.hosts[control]["ssh"]["address"]) != plan.control.address:
            found.append(f"its control node at {address}, wanted {plan.control.address}")
        if found:
            raise Refused(
                f"cluster {known.name} as the inventory describes it",
                seen="it was made with " + "; ".join(found),
                cause="these cannot be changed while its data is kept",
                next_command=f"thinkube cluster delete --cluster-name {known.name}",
            )

    def _say_that_it_waits(self) -> None:
        self.progress.note(self.subject, State.WAITING, "for another run that starts, stops or deletes it")
