"""When a cluster is up: the API server serves, the kubelets have spoken, the pods of the system run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from converge.errors import NotReady, ThinkubeError, Unreachable
from converge.kubernetes.client import Api
from converge.kubernetes.diagnosis import diagnose
from converge.kubernetes.objects import Ref, labels_of
from converge.kubernetes.pods import RESTARTS, pod_state
from converge.kubernetes.ready import why_unready
from converge.nodes.kubeadm.inspection import SYSTEM, system_pods
from converge.nodes.kubeadm.machine import Machine
from converge.nodes.kubeadm.plan import Member

WATCH_S = 5
"""How long a watch lasts: after it the objects are listed anew, and a call to stop is heard."""

Objects = dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Patience:
    """How long to wait, and the event that ends all waiting early."""

    seconds: float
    stopped: threading.Event

    def check(self) -> None:
        """Give up where another step has failed, or the operator has pressed Ctrl-C.

        Raises:
            NotReady: waiting makes no sense any more.
        """
        if self.stopped.is_set():
            raise NotReady("the cluster", seen="the start was broken off", next_command="thinkube cluster start")

    def pause(self, seconds: float) -> None:
        """Wait a little, or until all waiting ends."""
        self.stopped.wait(seconds)
        self.check()


SERVING = ("etcd", "kube-apiserver")
"""The static pods without which the API server does not serve."""

CRASHES_S = 0.5
"""How often it is looked whether they crash."""

SERVES = "/readyz?exclude=poststarthook/apiservice-discovery-controller"
"""That hook waits for the APIs that pods serve, such as metrics, and these can only start afterwards."""


def wait_for_api(api: Api, control: Machine, patience: Patience, look: Callable[[], None] = lambda: None) -> None:
    """Until ``/readyz`` says so; nothing can be watched before. ``look`` raises where waiting makes no sense any more.

    Raises:
        NotReady: etcd or the API server crashes again and again, or the deadline passed; with their last words.
    """
    impatient = api.view(patience_s=0)
    until = time.monotonic() + patience.seconds
    before: dict[str, int] = {}
    looked = 0.0
    while True:
        patience.check()
        try:
            impatient.read(SERVES)
        except ThinkubeError as error:
            crashed = ""
            if time.monotonic() - looked > CRASHES_S:
                look()
                starts = {name: control.said(name).starts for name in SERVING}
                before = before or starts
                crashed = next((name for name in SERVING if starts[name] > before[name] + 1 + RESTARTS), "")
                looked = time.monotonic()
            if crashed or time.monotonic() > until:
                raise _no_api(control, crashed, error) from error
            time.sleep(0.1)
        else:
            return


def _no_api(control: Machine, crashed: str, error: ThinkubeError) -> NotReady:
    said = {name: control.said(name) for name in ([crashed] if crashed else SERVING)}
    if not crashed:
        said["kubelet"] = control.said("kubelet")
    cause = "\n".join(f"{name} | {line}" for name, one in said.items() for line in one.words.splitlines())
    seen = f"{crashed} crashed {RESTARTS + 1} times" if crashed else error.seen or str(error)
    command = next((one.command for name in (crashed or SERVING[-1], "kubelet") if (one := said.get(name)) and one.command), "")
    return NotReady("the API server", seen=seen, cause=cause, next_command=command)


def wait_for_nodes(
    api: Api, machines: Mapping[str, Machine], since: datetime, patience: Patience, look: Callable[[], None] = lambda: None
) -> None:
    """Until every node is Ready, by a status that its kubelet gave after ``since``: older ones may be of a killed kubelet.

    Raises:
        NotReady: the deadline passed, or ``look`` raised; it says of each node why it is not Ready, and what its kubelet said last.
    """
    late: dict[str, str] = {}

    def reason(nodes: Objects) -> str:
        late.clear()
        for name in machines:
            seen = nodes.get(("", name))
            silent = seen is not None and _heartbeat(seen) < since.timestamp()
            if why := why_unready(seen) or ("no word from its kubelet since the start" if silent else ""):
                late[name] = why
        return "; ".join(f"{name}: {why}" for name, why in late.items())

    try:
        wait_until(api, "Node", "", reason, "every node Ready", patience, look)
    except NotReady as error:
        if late and not error.cause:
            said = {name: machines[name].said("kubelet") for name in late}
            error.cause = "\n".join(f"kubelet of {name} | {line}" for name, one in said.items() for line in one.words.splitlines())
            error.next_command = next(iter(said.values())).command
        raise


def wait_for_system_pods(api: Api, nodes: Sequence[Member], reborn: Set[str], since: datetime, patience: Patience) -> None:
    """Until kube-proxy is ready on every node, and a CoreDNS is.

    On nodes that were ``reborn`` only containers that began after ``since`` count: what is said of others is of their former life.

    Raises:
        NotReady: at once where one of them, or of the control plane, cannot become ready by itself any more, else at the deadline.
    """
    began = since.timestamp()
    bad: dict[str, Ref] = {}

    def serves(pod: dict[str, Any]) -> bool:
        if not _is_true(pod, "Ready"):
            return False
        earliest = began if pod["spec"].get("nodeName") in reborn else 0.0
        states = [status.get("state", {}).get("running") for status in pod["status"].get("containerStatuses", [])]
        return all(state and _time(state["startedAt"]) >= earliest for state in states)

    def reason(pods: Objects) -> str:
        waiting = system_pods(nodes, pods.values(), serves, began)
        bad.clear()
        bad.update({name: Ref.of({"apiVersion": "v1", "kind": "Pod", **pod}) for name, (_, pod) in waiting.items() if pod})
        hopeless = [pod for pod in pods.values() if _is_system(pod) and pod_state(pod, since=began).is_terminal] if waiting else []
        if hopeless:
            _give_up(api, [Ref.of({"apiVersion": "v1", "kind": "Pod", **pod}) for pod in hopeless], waiting)
        return "; ".join(f"{name}: {doing}" for name, (doing, _) in waiting.items())

    try:
        wait_until(api, "Pod", SYSTEM, reason, "kube-proxy and CoreDNS Ready", patience)
    except NotReady as error:
        if bad and not error.cause:
            found = diagnose(api, list(bad.values()))
            error.cause, error.next_command = found.text, found.next_command
        raise


def _give_up(api: Api, hopeless: list[Ref], waiting: Mapping[str, tuple[str, Any]]) -> NoReturn:
    found = diagnose(api, hopeless)
    seen = "\n".join(f"{name}: {doing}" for name, (doing, _) in waiting.items())
    raise NotReady("kube-proxy and CoreDNS Ready", seen=seen, cause=found.text, next_command=found.next_command)


def _is_system(pod: dict[str, Any]) -> bool:
    labels = labels_of(pod)
    return labels.get("tier") == "control-plane" or labels.get("k8s-app") in ("kube-proxy", "kube-dns")


def add_pod_ranges(api: Api, members: Sequence[Member]) -> None:
    """Write each node's share of the pod range into its object, where tools look for it."""
    nodes = {node["metadata"]["name"]: node for node in api.list("Node")}
    for node in members:
        if not nodes[node.name]["spec"].get("podCIDR"):
            api.patch("Node", node.name, patch={"spec": {"podCIDR": str(node.pods), "podCIDRs": [str(node.pods)]}})


def create_absent(api: Api, documents: Iterable[dict[str, Any]]) -> None:
    """Create what is not there; what is there stays as it is."""
    for document in documents:
        metadata = document["metadata"]
        if api.find(document["kind"], metadata["name"], metadata.get("namespace", "")) is None:
            api.create(document)


def wait_until(
    api: Api,
    kind: str,
    namespace: str,
    reason: Callable[[Objects], str],
    wanted: str,
    patience: Patience,
    look: Callable[[], None] = lambda: None,
) -> None:
    """Watch the objects of a kind until there is no ``reason`` left to wait; ``look`` raises where waiting makes no sense any more."""
    until = time.monotonic() + patience.seconds
    last = ""
    while time.monotonic() < until:
        patience.check()
        look()
        try:
            listed, version = api.list_with_version(kind, namespace)
            seen: Objects = {_key(item): item for item in listed}
            if not (last := reason(seen)):
                return
            events = api.watch(kind, namespace, version=version, seconds=WATCH_S)
            try:
                for event in events:
                    item = event["object"]
                    if event["type"] in ("ADDED", "MODIFIED"):
                        seen[_key(item)] = item
                    elif event["type"] == "DELETED":
                        seen.pop(_key(item), None)
                    else:
                        continue
                    if not (last := reason(seen)):
                        return
            finally:
                events.close()
        except Unreachable as error:
            last = error.seen or str(error)
            time.sleep(0.2)  # the API server is starting again
    raise NotReady(wanted, seen=f"{last} after {patience.seconds:.0f} s", next_command="thinkube cluster status")


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _is_true(item: dict[str, Any], condition: str) -> bool:
    return any(entry["type"] == condition and entry["status"] == "True" for entry in item.get("status", {}).get("conditions", []))


def _heartbeat(node: dict[str, Any]) -> float:
    return max((_time(entry.get("lastHeartbeatTime")) for entry in node.get("status", {}).get("conditions", [])), default=0.0)


def _time(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0
