"""A diagnosis tells what a person would look up, on one screen, without secrets, whatever cannot be read."""

import json

import pytest

from converge.kubernetes.diagnosis import LOG_LINES, diagnose
from converge.kubernetes.objects import Ref
from converge.redaction import REDACTOR

REF = Ref("StatefulSet", "db", "default", "apps/v1")


@pytest.fixture
def api(fake_api):
    spec = {"selector": {"matchLabels": {"app": "db"}}}
    fake_api.put({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "default"}, "spec": spec})
    conditions = [{"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "Deployment does not have…"}]
    fake_api.status("StatefulSet", "db", "default", updateRevision="r1", conditions=conditions)
    last = {"terminated": {"exitCode": 1, "reason": "Error"}}
    crashed = {"name": "main", "ready": False, "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": last}
    metadata = {"name": "db-0", "namespace": "default", "labels": {"app": "db", "controller-revision-hash": "r1"}}
    status = {"phase": "Running", "containerStatuses": [crashed, {"name": "helper", "ready": True, "state": {"running": {}}}]}
    fake_api.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "node-1"}, "status": status})
    lines = "\n".join([*(f"line {number}" for number in range(40)), "password=pl4nted-c4nary", "FATAL: no room"])
    fake_api.store.objects["v1/pods/log", "default", "db-0"] = {"metadata": {"name": "db-0"}, "lines": lines}
    about = {"kind": "Pod", "name": "db-0", "namespace": "default"}
    for number in range(8):
        event = {
            "type": "Warning",
            "reason": "BackOff",
            "message": f"restarting {number}",
            "involvedObject": about,
            "lastTimestamp": f"2026-01-01T00:00:0{number}Z",
        }
        fake_api.put({"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"e{number}", "namespace": "default"}, **event})
    REDACTOR.add("pl4nted-c4nary")
    return fake_api.client()


def test_it_tells_pod_cause_last_words_and_events(api):
    found = diagnose(api, [REF])
    assert "pod db-0 on node-1: container main crashed 5 times: exit status 1" in found.text
    assert "main | FATAL: no room" in found.text
    assert "event Pod db-0: BackOff: restarting 7" in found.text
    assert "MinimumReplicasUnavailable" not in found.text
    assert found.next_command == "kubectl describe pod db-0 -n default"


def test_it_fits_one_screen_and_is_whole_as_data(api):
    found = diagnose(api, [REF, REF, REF])
    assert len(found.text.splitlines()) <= 24
    [one, *_] = found.data
    assert len(one["events"]) == 8
    assert one["pods"][0]["logs"]["main"][-1] == "FATAL: no room"
    json.dumps(found.data)


def test_the_logs_are_those_of_the_run_that_crashed(fake_api, api):
    diagnose(api, [REF])
    asked = [request.query for request in fake_api.requests if request.path.endswith("/log")]
    assert asked == [{"tailLines": str(LOG_LINES), "previous": "true", "container": "main"}]


def test_no_secret_is_in_it(api):
    found = diagnose(api, [REF])
    assert "pl4nted-c4nary" not in found.text + json.dumps(found.data)


def test_what_cannot_be_read_is_said(fake_api, api):
    fake_api.fail("list", 403, times=9, path="/pods", message="pods is forbidden")
    found = diagnose(api, [REF])
    assert "pods is forbidden" in found.text


def test_an_absent_object_is_said(api):
    assert "Deployment default/none: absent" in diagnose(api, [Ref("Deployment", "none", "default", "apps/v1")]).text


def test_its_first_line_is_the_likely_cause(api):
    first = diagnose(api, [REF]).text.splitlines()[0]
    assert first == "container main crashed 5 times: exit status 1: FATAL: no room"


def test_what_a_java_program_said_is_told_without_its_stack(fake_api, api):
    log = ["java.lang.IllegalStateException: no room", "\tat org.example.Server.start(Server.java:12)", "\t... 6 more", ""]
    fake_api.store.objects["v1/pods/log", "default", "db-0"]["lines"] = "\n".join(log)
    found = diagnose(api, [REF])
    assert found.text.splitlines()[0].endswith("exit status 1: java.lang.IllegalStateException: no room")
    assert "Server.java" not in found.text
    assert found.data[0]["pods"][0]["logs"]["main"][1].endswith("Server.java:12)")


def test_the_likely_cause_is_told_by_a_warning_where_nothing_runs(fake_api):
    fake_api.put({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "default"}, "spec": {}})
    about = {"kind": "PersistentVolumeClaim", "name": "data", "namespace": "default"}
    event = {"type": "Warning", "reason": "ProvisioningFailed", "message": "no room on node-1", "involvedObject": about}
    fake_api.put({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"}, **event})
    found = diagnose(fake_api.client(), [Ref("PersistentVolumeClaim", "data", "default")])
    assert found.text.splitlines()[0] == "no room on node-1"


def test_a_pod_that_no_node_takes_names_the_cordoned_one_and_how_to_open_it(fake_api, api):
    fake_api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"unschedulable": True}}, manager="kubectl")
    fake_api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-2"}, "spec": {}})
    message = "0/2 nodes are available: 1 node(s) were unschedulable, 1 node(s) had untolerated taint {a: }."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "late", "namespace": "default"}, "spec": {}}
    fake_api.put({**pod, "status": {"phase": "Pending", "conditions": [condition]}})
    found = diagnose(api, [Ref("Pod", "late", "default", "v1")])
    assert found.text.splitlines()[0].startswith("Node node-1 is cordoned since ")
    assert found.next_command == "kubectl uncordon node-1"
    assert [one["node"] for one in found.data[0]["cordoned"]] == ["node-1"]


def test_where_pods_fail_for_other_reasons_nobody_asks_for_cordoned_nodes(fake_api, api):
    fake_api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"unschedulable": True}})
    fake_api.forget()
    assert "cordoned" not in diagnose(api, [REF]).text
    assert not [request for request in fake_api.requests if request.path.endswith("/nodes")]
