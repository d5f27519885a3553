"""When a cluster is up: the API server serves, the kubelets have spoken, the pods of the system run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from converge.errors import NotReady, ThinkubeError, Unreachable
from converge.kubernetes.client import Api
from converge.nodes.embedded.layout import Layout

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


SERVES = "/readyz?exclude=poststarthook/apiservice-discovery-controller"
"""That hook waits for the APIs that pods serve, such as metrics, and these can only start afterwards."""


def wait_for_api(api: Api, layout: Layout, patience: Patience) -> None:
    """Until ``/readyz`` says so; nothing can be watched before."""
    impatient = api.view(patience_s=0)
    until = time.monotonic() + patience.seconds
    while True:
        patience.check()
        try:
            impatient.read(SERVES)
        except ThinkubeError as error:
            if time.monotonic() > until:
                log = layout.logs / f"{layout.control.name}.kubelet.log"
                raise NotReady("the API server", seen=error.seen or str(error), next_command=f"tail {log}") from error
            time.sleep(0.1)
        else:
            return


def wait_for_nodes(api: Api, layout: Layout, since: datetime, patience: Patience) -> None:
    """Until every node is Ready, by a status that its kubelet gave after ``since``: older ones may be of a killed kubelet."""
    names = {node.name for node in layout.nodes}

    def reason(nodes: Objects) -> str:
        ready = {name for (_, name), node in nodes.items() if _is_true(node, "Ready") and _heartbeat(node) >= since.timestamp()}
        return _listed("not Ready:", names - ready)

    wait_until(api, "Node", "", reason, "every node Ready", patience)


def wait_for_system_pods(api: Api, layout: Layout, reborn: Set[str], since: datetime, patience: Patience) -> None:
    """Until kube-proxy is ready on every node, and a CoreDNS is.

    On nodes that were ``reborn`` only containers that began after ``since`` count: what is said of others is of their former life.
    """

    def ready(pod: dict[str, Any]) -> bool:
        if not _is_true(pod, "Ready") or "deletionTimestamp" in pod["metadata"]:
            return False
        earliest = since.timestamp() if pod["spec"].get("nodeName") in reborn else 0.0
        states = [status.get("state", {}).get("running") for status in pod["status"].get("containerStatuses", [])]
        return all(state and _time(state["startedAt"]) >= earliest for state in states)

    def reason(pods: Objects) -> str:
        up = [pod for pod in pods.values() if ready(pod)]
        proxies = {pod["spec"].get("nodeName") for pod in up if pod["metadata"].get("labels", {}).get("k8s-app") == "kube-proxy"}
        missing = {f"kube-proxy on {node.name}" for node in layout.nodes if node.name not in proxies}
        if not any(pod["metadata"].get("labels", {}).get("k8s-app") == "kube-dns" for pod in up):
            missing.add("CoreDNS")
        return _listed("not ready:", missing)

    wait_until(api, "Pod", "kube-system", reason, "kube-proxy and CoreDNS Ready", patience)


def add_pod_ranges(api: Api, layout: Layout) -> None:
    """Write each node's share of the pod range into its object, where tools look for it."""
    nodes = {node["metadata"]["name"]: node for node in api.list("Node")}
    for node in layout.nodes:
        if not nodes[node.name]["spec"].get("podCIDR"):
            api.patch("Node", node.name, patch={"spec": {"podCIDR": str(node.pods), "podCIDRs": [str(node.pods)]}})


def create_absent(api: Api, documents: Iterable[dict[str, Any]]) -> None:
    """Create what is not there; what is there stays as it is."""
    for document in documents:
        metadata = document["metadata"]
        if api.find(document["kind"], metadata["name"], metadata.get("namespace", "")) is None:
            api.create(document)


def wait_until(api: Api, kind: str, namespace: str, reason: Callable[[Objects], str], wanted: str, patience: Patience) -> None:
    """Watch the objects of a kind until there is no ``reason`` left to wait."""
    until = time.monotonic() + patience.seconds
    last = ""
    while time.monotonic() < until:
        patience.check()
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


def _listed(words: str, names: set[str]) -> str:
    return f"{words} {', '.join(sorted(names))}" if names else ""
