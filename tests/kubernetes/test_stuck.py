"""What went wrong before our own repair proves nothing: it ends no wait, and pods that only wait because of it are made anew."""

import time
from datetime import UTC, datetime

import pytest

from converge.kubernetes.pods import is_stuck, pod_state
from converge.kubernetes.stuck import pods_behind, replace_stuck

NOW = time.time()
REPAIRED = NOW - 5
OWNER = {"kind": "ReplicaSet", "name": "web-1", "uid": "set-1", "controller": True, "apiVersion": "apps/v1"}


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(waiting, *, made=NOW - 600, restarts=0, last=None, owner=OWNER, name="web-1-a"):
    status = {"name": "web", "restartCount": restarts, "state": {"waiting": waiting}, "lastState": {"terminated": last} if last else {}}
    metadata = {"name": name, "namespace": "web", "uid": name, "labels": {"app": "web"}, "creationTimestamp": at(made)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**metadata, "ownerReferences": [owner] if owner else []},
        "status": {"phase": "Pending", "containerStatuses": [status]},
    }


def crashed(began, **options):
    return pod(
        {"reason": "CrashLoopBackOff"}, restarts=7, last={"exitCode": 1, "startedAt": at(began), "finishedAt": at(began + 1)}, **options
    )


NOT_PULLED = {"reason": "ImagePullBackOff", "message": "Back-off pulling"}


@pytest.mark.parametrize(
    ("found", "is_terminal"),
    [
        pytest.param(pod(NOT_PULLED), False, id="image-of-before-the-repair"),
        pytest.param(pod(NOT_PULLED, made=NOW), True, id="image-of-a-pod-made-since"),
        pytest.param(pod({"reason": "RunContainerError", "message": "permission denied"}), False, id="not-started-before-the-repair"),
        pytest.param(crashed(NOW - 300), False, id="crash-of-before-the-repair"),
        pytest.param(crashed(NOW), True, id="crash-since"),
    ],
)
def test_what_went_wrong_before_the_repair_does_not_end_a_wait(found, is_terminal):
    assert pod_state(found, NOW, since=REPAIRED).is_terminal is is_terminal
    assert pod_state(found, NOW).is_terminal


def test_a_kubelet_that_has_looked_again_is_believed():
    assert pod_state(pod(NOT_PULLED), REPAIRED + 46, since=REPAIRED).is_terminal


def test_a_program_that_could_not_be_started_is_judged_by_its_end():
    last = {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z", "finishedAt": at(NOW)}
    assert pod_state(pod({"reason": "CrashLoopBackOff"}, restarts=4, last=last), NOW, since=REPAIRED).is_terminal


def test_nobody_takes_a_pod_counts_from_the_repair_on():
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "m", "lastTransitionTime": at(NOW - 900)}
    unscheduled = {"metadata": {}, "status": {"phase": "Pending", "conditions": [condition]}}
    assert not pod_state(unscheduled, NOW, since=REPAIRED).is_terminal
    assert pod_state(unscheduled, REPAIRED + 31, since=REPAIRED).is_terminal
    assert not is_stuck(unscheduled, REPAIRED)  # another pod would find no node either


def test_pods_that_wait_for_what_is_repaired_are_made_anew_and_named(fake_api):
    found = fake_api.put(crashed(NOW - 300))
    assert replace_stuck(fake_api.client(), [found], REPAIRED) == [
        "replace Pod web/web-1-a: container web crashed 8 times: exit status 1, before the repair"
    ]
    assert [request.body["preconditions"] for request in fake_api.writes] == [{"uid": found["metadata"]["uid"]}]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(crashed(NOW - 300, owner=None), id="of-nobody"),
        pytest.param(crashed(NOW - 300, owner={**OWNER, "kind": "Job"}), id="of-a-job"),
        pytest.param(crashed(NOW - 300, owner={**OWNER, "kind": "Node"}), id="static"),
        pytest.param(crashed(NOW), id="crashed-since"),
    ],
)
def test_other_pods_are_left_alone(fake_api, found):
    assert replace_stuck(fake_api.client(), [fake_api.put(found)], REPAIRED) == []
    assert not fake_api.writes


def test_the_stuck_pod_of_a_stateful_set_is_found_whatever_its_revision(fake_api):
    workload = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "web", "uid": "set-1"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
        "status": {"updateRevision": "new"},
    }
    fake_api.put(workload)
    fake_api.put(crashed(NOW - 300, owner={**OWNER, "kind": "StatefulSet"}))
    assert [found["metadata"]["name"] for found in pods_behind(fake_api.client(), [workload])] == ["web-1-a"]
