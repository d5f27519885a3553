"""Metrics: the cluster tells what its nodes and pods use, and verifies whom it asks."""

from __future__ import annotations

import base64

from pytest_bdd import parsers, then

from converge import tls
from converge.acceptance import usage
from converge.engine.platform import Platform
from converge.kubernetes import workloads
from converge.waiting import COMES_S

API_SERVICE = "v1beta1.metrics.k8s.io"


@then("the metrics API tells processor and memory of every node")
def nodes_measured(platform: Platform) -> None:
    nodes = {node.name for node in platform.cluster().nodes}
    seen = usage.wait_for(lambda: usage.of_nodes(platform.api), nodes, COMES_S)
    assert all({"cpu", "memory"} <= used.keys() for used in seen.values()), seen


@then(parsers.re(r'the metrics API tells processor and memory of the pods of "(?P<name>[^"]+)"'))
def pods_measured(platform: Platform, name: str) -> None:
    found = workloads.pods(platform.api, workloads.live(platform.api, platform.objects(name)))
    namespace, names = platform.component(name).namespace, {pod["metadata"]["name"] for pod in found}
    seen = usage.wait_for(lambda: usage.of_pods(platform.api, namespace), names, COMES_S)
    assert all({"cpu", "memory"} <= seen[pod].keys() for pod in names), seen


@then("the API server verifies who answers for metrics")
def api_verified(platform: Platform) -> None:
    spec = platform.api.get("APIService", API_SERVICE)["spec"]
    assert not spec.get("insecureSkipTLSVerify")
    assert tls.from_pem(base64.b64decode(spec["caBundle"])) == tls.from_pem(platform.ca_pem())


@then(parsers.re(r'"(?P<name>[^"]+)" verifies every kubelet that it asks'))
def kubelets_verified(platform: Platform, name: str) -> None:
    arguments = [
        argument
        for _, container in workloads.containers(workloads.live(platform.api, platform.objects(name)))
        for argument in container["args"]
    ]
    assert not [argument for argument in arguments if "insecure" in argument]
    assert [argument for argument in arguments if argument.startswith("--kubelet-certificate-authority=")]
