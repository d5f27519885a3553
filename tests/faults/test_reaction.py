"""How soon a wait ends after what ended it, by the API server's own time stamps: reported, not asserted."""

import json
import statistics
import threading
import time
from datetime import datetime

import pytest
from place import LONG_S, until

from converge.kubernetes.diagnosis import diagnose
from converge.kubernetes.objects import Ref
from converge.kubernetes.wait import ObjectsNotReady, wait_until, wait_until_ready

pytestmark = pytest.mark.fault
ROUNDS = 30


def answered(place, uri):
    """When writes had arrived at the API server and when it had answered them, by its audit log."""
    stamps = []
    for line in place.platform.cluster().audit_log.read_text().splitlines()[-3000:]:
        if uri in line and line.endswith("}"):
            entry = json.loads(line)
            if entry["stage"] == "ResponseComplete" and entry["requestURI"].partition("?")[0] == uri:
                stamps.append(
                    tuple(datetime.fromisoformat(entry[name]).timestamp() for name in ("requestReceivedTimestamp", "stageTimestamp"))
                )
    return stamps


def test_the_reaction_of_a_wait_for_one_object(place, seen):
    """A wait for one object ends soon after the API server's answer to the write that ends it."""
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
                place.api,
                Ref("ConfigMap", "reaction", "default", "v1"),
                lambda obj, wanted=str(number): obj["data"]["round"] == wanted,
                LONG_S,
            )
            ended.append(time.time())
            write.join()
        until(lambda: len(answered(place, uri)) > ROUNDS, "the audit log")
        stamps = answered(place, uri)[-ROUNDS:]
    finally:
        api.delete("ConfigMap", "reaction", "default")
    told(seen, [(end - arrived, end - stamp) for end, (arrived, stamp) in zip(ended, stamps, strict=True)])


def test_the_reaction_of_a_wait_for_a_workload(place, seen):
    """A wait for a Deployment ends soon after the API server's answer to the controller that says it is ready."""
    place.converge("ingress").require()
    (deployment,) = (obj for obj in place.platform.objects("ingress") if obj["kind"] == "Deployment")
    name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]
    uri = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status"
    reactions = []
    for _ in range(5):
        for pod in place.api.list("Pod", namespace):
            place.api.delete("Pod", pod["metadata"]["name"], namespace, grace_s=0)
        until(lambda: not place.api.get("Deployment", name, namespace)["status"].get("readyReplicas"), "the pod to be lost")
        wait_until_ready(place.api, [deployment], LONG_S)
        end = time.time()
        arrived, stamp = max(stamps for stamps in answered(place, uri) if stamps[0] <= end)
        reactions.append((end - arrived, end - stamp))
    told(seen, reactions)


def test_the_diagnosis_of_a_component_that_fails(place, seen):
    """What is wrong with a component that crashes is known, last words included, soon after the wait for it has ended."""
    place.converge("ingress").require()
    objects = list(place.platform.objects("ingress"))
    (deployment,) = (obj for obj in objects if obj["kind"] == "Deployment")
    name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]
    wrong = {"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": ["--no-such-option"]}
    place.api.patch("Deployment", name, namespace, [wrong])
    with pytest.raises(ObjectsNotReady) as failure:
        wait_until_ready(place.api, objects, LONG_S)
    assert failure.value.is_terminal
    took_s = []
    for _ in range(5):
        started = time.monotonic()
        diagnosis = diagnose(place.api, failure.value.refs)
        took_s.append(time.monotonic() - started)
    assert "crashed" in diagnosis.text, diagnosis.text
    assert any(pod["logs"] for entry in diagnosis.data for pod in entry["pods"]), diagnosis.text
    place.converge("ingress").require()
    seen(f"{len(took_s)} times: median {statistics.median(took_s):.2f} s, at most {max(took_s):.2f} s")


def told(seen, reactions):
    """The event may arrive a moment before the answer is complete: then the reaction counts as none."""
    arrived, after = ([1000 * max(seconds, 0.0) for seconds in column] for column in zip(*reactions, strict=True))
    times = f"median {statistics.median(after):.0f} ms, at most {max(after):.0f} ms after the answer"
    seen(f"{len(after)} times: {times}; with the write itself {statistics.median(arrived):.0f} and {max(arrived):.0f} ms")
