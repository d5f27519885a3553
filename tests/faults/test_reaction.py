"""How soon a wait ends after what ended it, by the API server's own time stamps."""

import json
import statistics
import threading
import time
from datetime import datetime

import pytest
from place import until

from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import wait_until, wait_until_ready

pytestmark = pytest.mark.fault
BUDGET_S = 0.25
ROUNDS = 30


def answered(place, uri):
    """When the API server had answered a write, by its audit log."""
    stamps = []
    for line in place.platform.cluster().audit_log.read_text().splitlines()[-3000:]:
        if uri in line and line.endswith("}"):
            entry = json.loads(line)
            if entry["stage"] == "ResponseComplete" and entry["requestURI"].partition("?")[0] == uri:
                stamps.append(datetime.fromisoformat(entry["stageTimestamp"]).timestamp())
    return stamps


def test_the_reaction_of_a_wait_for_one_object(place, seen):
    """A wait for one object ends within 250 ms of the API server's answer to the write that ends it."""
    api = place.api.view()
    metadata = {"name": "reaction", "namespace": "default"}
    uri = "/api/v1/namespaces/default/configmaps/reaction"
    api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"round": "0"}}, force=True)
    ended = []
    try:
        for number in range(1, ROUNDS + 1):
            write = threading.Timer(0.2, api.patch, args=("ConfigMap", "reaction", "default", {"data": {"round": str(number)}}))
            write.start()
            wait_until(
                place.api, Ref("ConfigMap", "reaction", "default", "v1"), lambda obj, wanted=str(number): obj["data"]["round"] == wanted, 10
            )
            ended.append(time.time())
            write.join()
        until(lambda: len(answered(place, uri)) > ROUNDS, 10, "the audit log")
        stamps = answered(place, uri)[-ROUNDS:]
    finally:
        api.delete("ConfigMap", "reaction", "default")
    told(seen, [end - stamp for end, stamp in zip(ended, stamps, strict=True)])


def test_the_reaction_of_a_wait_for_a_workload(place, seen):
    """A wait for a Deployment ends within 250 ms of the API server's answer to the controller that says it is ready."""
    place.converge("ingress").require()
    (deployment,) = (obj for obj in place.platform.objects("ingress") if obj["kind"] == "Deployment")
    name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]
    uri = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status"
    reactions = []
    for _ in range(5):
        for pod in place.api.list("Pod", namespace):
            place.api.delete("Pod", pod["metadata"]["name"], namespace, grace_s=0)
        until(lambda: not place.api.get("Deployment", name, namespace)["status"].get("readyReplicas"), 20, "the pod to be lost")
        wait_until_ready(place.api, [deployment], 60)
        end = time.time()
        reactions.append(end - max(stamp for stamp in answered(place, uri) if stamp <= end))
    told(seen, reactions)


def told(seen, reactions):
    milliseconds = [1000 * max(reaction, 0.0) for reaction in reactions]
    seen(f"{len(milliseconds)} times, median {statistics.median(milliseconds):.0f} ms, at most {max(milliseconds):.0f} ms")
    assert max(reactions) < BUDGET_S, milliseconds
