"""Nodes: they are ready where the inventory says, run pods, reach each other, and let nobody join with an old token."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from pytest_bdd import given, parsers, then, when

from converge.acceptance import membership
from converge.acceptance.throwaway import PORT, ThrowawayPods
from converge.components.node import is_ready
from converge.engine.platform import Platform
from converge.errors import NotReady
from converge.kubernetes.cordon import cordons
from converge.nodes.provider import Node
from converge.process import Completed, run


@then(parsers.re(r"every (?P<role>control|worker) node is ready"))
def nodes_ready(platform: Platform, role: str) -> None:
    nodes = _nodes(platform, role)
    unready = [node.name for node in nodes if not is_ready(platform.api, node.name)]
    assert not unready, f"not ready: {unready}"


@then("every worker node takes pods")
def workers_open(platform: Platform) -> None:
    names = {node.name for node in _nodes(platform, "worker")}
    if closed := [one for one in cordons(platform.api) if one.node in names]:
        seen, commands = (
            "\n".join(lines) for lines in zip(*((f"Node {one.node} {one.text}", one.next_command) for one in closed), strict=True)
        )
        raise NotReady("every worker node takes pods", seen=seen, next_command=commands)


@then(parsers.re(r"every (?P<role>control|worker) node has its address from the inventory"))
def nodes_addressed(platform: Platform, role: str) -> None:
    seen = {node.name: membership.address(platform.api, node.name) for node in _nodes(platform, role)}
    assert seen == {node.name: node.address for node in _nodes(platform, role)}


@then("the API server says that it is ready")
def api_ready(platform: Platform) -> None:
    assert platform.api.read("/readyz") == "ok"


@then("the kubelet of every node says that it is healthy")
def kubelets_healthy(platform: Platform) -> None:
    answers = {node.name: platform.api.read(f"/api/v1/nodes/{node.name}/proxy/healthz") for node in platform.cluster().nodes}
    assert set(answers.values()) == {"ok"}, answers


@when("the operator asks kubectl for the nodes with the cluster's own settings", target_fixture="answer")
def ask_kubectl(platform: Platform) -> Completed:
    kubectl = platform.images.programs() / "kubectl"
    return run([kubectl, "get", "nodes", "--output=name"], env={"KUBECONFIG": str(platform.cluster().kubeconfig)}, timeout_s=20)


@then("kubectl names every node")
def kubectl_names_nodes(platform: Platform, answer: Completed) -> None:
    assert sorted(answer.stdout.split()) == sorted(f"node/{node.name}" for node in platform.cluster().nodes)


@then("nobody else on this machine may read the cluster's credentials")
def credentials_private(platform: Platform) -> None:
    file = platform.cluster().kubeconfig.stat()
    assert (file.st_uid, oct(file.st_mode & 0o077)) == (os.geteuid(), oct(0))
    readable = {name: membership.open_keys(host) for name, host in _hosts(platform, "control").items()}
    assert not any(readable.values()), readable


@then("no worker runs a part of the control plane")
def workers_only(platform: Platform) -> None:
    parts = {node.name: membership.control_plane_parts(platform.api, node.name) for node in _nodes(platform, "worker")}
    assert not any(parts.values()), parts
    standing = {name: membership.control_plane_on(host) for name, host in _hosts(platform, "worker").items()}
    assert not any(standing.values()), standing


@given("a throw-away pod on every node", target_fixture="pods_by_node")
def pod_on_every_node(platform: Platform, throwaway_pods: ThrowawayPods) -> dict[str, str]:
    return throwaway_pods.on(*(node.name for node in platform.cluster().nodes))


@then("each of these pods runs where it was put")
def pods_placed(pods_by_node: dict[str, str], throwaway_pods: ThrowawayPods) -> None:
    assert {node: throwaway_pods.node_of(pod) for node, pod in pods_by_node.items()} == {node: node for node in pods_by_node}


@when("each of these pods calls every other one by its address", target_fixture="calls")
def pods_call(pods_by_node: dict[str, str], throwaway_pods: ThrowawayPods) -> dict[tuple[str, str], str]:
    pods = pods_by_node.values()
    return {(a, b): throwaway_pods.fetch(a, throwaway_pods.address(b), PORT) for a in pods for b in pods if a != b}


@then("every call is answered by the pod that was called")
def calls_answered(calls: dict[tuple[str, str], str]) -> None:
    assert calls, "there is only one node"
    assert calls == {(caller, called): called for caller, called in calls}


@then(parsers.re(r"no token that lets a node join is valid for longer than (?P<seconds>\d+) seconds"))
def tokens_short_lived(platform: Platform, seconds: str) -> None:
    lives = membership.token_lives_s(platform.api)
    assert all(life <= int(seconds) for life in lives.values()), lives


def _hosts(platform: Platform, role: str) -> dict[str, Any]:
    """The nodes of a role as testinfra sees hosts; none where the cluster's owner gives nobody a way into them."""
    from converge.nodes.host import host

    cluster = platform.cluster()
    return {node.name: host(cluster, node.name) for node in _nodes(platform, role)} if cluster.lets_in else {}


def _nodes(platform: Platform, role: str) -> Sequence[Node]:
    found = [node for node in platform.cluster().nodes if node.role == role]
    assert found, f"this inventory has no {role} node"
    return found
