"""Waits see every turn, react at once, end early with a sentence, and outlive whatever happens to a watch."""

import functools
import threading
import time
from datetime import UTC, datetime

import pytest
from hanging import HANG_S

from converge.errors import NotReady
from converge.kubernetes import wait
from converge.kubernetes.objects import Ref
from converge.kubernetes.pods import pod_state
from converge.kubernetes.wait import ObjectsNotReady, wait_until, wait_until_ready
from converge.kubernetes.watch import Subject, watches
from converge.progress import State


@pytest.fixture
def api(fake_api):
    return fake_api.client()


def deployment(name="web", **metadata):
    body = {"selector": {"matchLabels": {"app": name}}, "replicas": 1}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default", **metadata}, "spec": body}


def serve(fake_api, name="web", generation=1):
    fake_api.status(
        "Deployment", name, "default", observedGeneration=generation, replicas=1, updatedReplicas=1, availableReplicas=1, readyReplicas=1
    )


def pod(name, owner_uid, *, statuses, labels=None, kind="ReplicaSet"):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": labels or {"app": "web"},
            "ownerReferences": [{"kind": kind, "uid": owner_uid, "controller": True, "name": "owner", "apiVersion": "apps/v1"}],
        },
        "status": {"phase": "Pending", "containerStatuses": statuses},
    }


def waiting(reason, message="", restarts=0, **last):
    return {"name": "main", "ready": False, "restartCount": restarts, "state": {"waiting": {"reason": reason, "message": message}}, **last}


class Later:
    """Something that happens in another thread while we wait."""

    def __init__(self, delay_s, *acts):
        self._acts = acts
        self._delay_s = delay_s
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        for act in self._acts:
            time.sleep(self._delay_s)
            act()


def test_a_wait_is_ended_by_the_event_and_by_no_tick(fake_api, api, monkeypatch):
    monkeypatch.setattr(wait, "_TICK_S", HANG_S)
    fake_api.put(deployment())
    Later(0.3, lambda: serve(fake_api))
    wait_until_ready(api, [deployment()], 2 * HANG_S)


def test_what_has_no_state_is_not_waited_for(fake_api, api):
    wait_until_ready(api, [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}], 1)
    assert fake_api.requests == []


def test_the_deadline_tells_the_last_thing_seen(fake_api, api):
    fake_api.put(deployment())
    fake_api.status("Deployment", "web", "default", observedGeneration=1, updatedReplicas=0)
    with pytest.raises(ObjectsNotReady, match="0/1 ready, after 0 s") as caught:
        wait_until_ready(api, [deployment()], 0.3)
    assert caught.value.refs == (Ref("Deployment", "web", "default", "apps/v1"),)
    assert not caught.value.is_terminal
    assert caught.value.diagnosis.data[0]["object"] == "Deployment default/web"


@pytest.mark.parametrize(("age_s", "is_terminal"), [(0, True), (3600, False)], ids=["of-this-rollout", "of-an-earlier-wait"])
def test_a_rollout_without_progress_ends_the_wait_unless_that_was_said_before(fake_api, api, age_s, is_terminal):
    said = datetime.fromtimestamp(time.time() - age_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "m", "lastUpdateTime": said}
    fake_api.put(deployment())
    fake_api.status("Deployment", "web", "default", observedGeneration=1, updatedReplicas=0, conditions=[late])
    with pytest.raises(ObjectsNotReady) as caught:
        wait_until_ready(api, [deployment()], 0.3)
    assert caught.value.is_terminal is is_terminal


def with_replica_set(fake_api, revision="1"):
    notes = {"deployment.kubernetes.io/revision": "1"}
    made = fake_api.put(deployment(annotations=notes))
    owner = [{"kind": "Deployment", "uid": made["metadata"]["uid"], "controller": True, "name": "web", "apiVersion": "apps/v1"}]
    metadata = {
        "name": "web-abc",
        "namespace": "default",
        "annotations": {"deployment.kubernetes.io/revision": revision},
        "ownerReferences": owner,
    }
    replica_set = fake_api.put({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": {"replicas": 1}})
    fake_api.status("Deployment", "web", "default", observedGeneration=1, updatedReplicas=1)
    return replica_set["metadata"]["uid"]


TERMINAL = [
    pytest.param(
        waiting("ErrImageNeverPull", "image x is not present"), "ErrImageNeverPull: image x is not present", id="image-never-pulled"
    ),
    pytest.param(waiting("ImagePullBackOff", "Back-off pulling"), "ImagePullBackOff: Back-off pulling", id="image-cannot-be-pulled"),
    pytest.param(waiting("InvalidImageName"), "InvalidImageName", id="image-name"),
    pytest.param(
        waiting("CrashLoopBackOff", restarts=3, lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
        "container main crashed 4 times: OOMKilled, exit status 137",
        id="crash-loop",
    ),
    pytest.param(
        waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"), "runAsNonRoot", id="runs-as-root"
    ),
]


@pytest.mark.parametrize(("status", "sentence"), TERMINAL)
def test_a_pod_that_never_starts_ends_the_wait_at_once(fake_api, api, status, sentence):
    uid = with_replica_set(fake_api)
    Later(0.2, lambda: fake_api.put(pod("web-abc-1", uid, statuses=[status])))
    with pytest.raises(ObjectsNotReady) as caught:
        wait_until_ready(api, [deployment()], HANG_S)
    assert caught.value.is_terminal  # not the deadline
    assert sentence in caught.value.seen
    assert "web-abc-1" in caught.value.seen
    assert caught.value.next_command == "kubectl describe pod web-abc-1 -n default"


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(waiting("ContainerCreating"), id="being-made"),
        pytest.param(waiting("ErrImagePull", "connection refused"), id="first-failed-pull"),
        pytest.param(waiting("CrashLoopBackOff", restarts=1, lastState={"terminated": {"exitCode": 1}}), id="first-crash"),
        pytest.param(waiting("CreateContainerConfigError", 'secret "tls" not found'), id="secret-comes-later"),
    ],
)
def test_what_may_pass_is_waited_for(fake_api, api, status):
    uid = with_replica_set(fake_api)
    fake_api.put(pod("web-abc-1", uid, statuses=[status]))
    Later(0.3, lambda: serve(fake_api))
    wait_until_ready(api, [deployment()], HANG_S)


@pytest.mark.parametrize(
    ("made_s", "network_s", "is_terminal"),
    [(3600, 20, False), (3600, 90, True), (30, 29, True), (3600, None, True)],
    ids=["its node has just started again", "that was a while ago", "it is new", "nothing is said of its network"],
)
def test_crashes_while_a_node_starts_again_prove_nothing(made_s: float, network_s: float | None, is_terminal: bool) -> None:
    now = time.time()
    at = [datetime.fromtimestamp(now - ago_s, UTC).isoformat() for ago_s in (made_s, network_s or 0)]
    conditions = [{"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": at[1]}] if network_s else []
    crashed = waiting("CrashLoopBackOff", restarts=21, lastState={"terminated": {"exitCode": 1}})
    seen = {"metadata": {"name": "web-1", "creationTimestamp": at[0]}, "status": {"conditions": conditions, "containerStatuses": [crashed]}}
    state = pod_state(seen, now)
    assert (state.is_terminal, state.text) == (is_terminal, "container main crashed 22 times: exit status 1")


def test_a_failing_pod_of_an_older_revision_is_no_verdict(fake_api, api):
    uid = with_replica_set(fake_api, revision="0")
    fake_api.put(pod("web-old-1", uid, statuses=[waiting("ErrImageNeverPull")]))
    Later(0.3, lambda: serve(fake_api))
    wait_until_ready(api, [deployment()], HANG_S)


def test_a_quota_that_refuses_pods_ends_the_wait(fake_api, api):
    fake_api.put(deployment())
    condition = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": 'pods "web" is forbidden: exceeded quota: q',
    }
    fake_api.status("Deployment", "web", "default", observedGeneration=1, conditions=[condition])
    with pytest.raises(ObjectsNotReady, match=r"its pods are refused: .*exceeded quota"):
        wait_until_ready(api, [deployment()], HANG_S)


def event(about, reason, message, **metadata):
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    involved = {"kind": about["kind"], "name": about["metadata"]["name"], "namespace": "default", "uid": about["metadata"].get("uid", "")}
    base = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"e{time.monotonic_ns()}", "namespace": "default"}}
    return {
        **base,
        "type": "Warning",
        "reason": reason,
        "message": message,
        "involvedObject": involved,
        "lastTimestamp": now,
        "count": 1,
        **metadata,
    }


def test_an_admission_refusal_of_a_stateful_sets_pods_ends_the_wait(fake_api, api):
    sts = {**deployment(), "kind": "StatefulSet"}
    made = fake_api.put(sts)
    fake_api.status("StatefulSet", "web", "default", observedGeneration=1)
    Later(0.2, lambda: fake_api.put(event(made, "FailedCreate", 'admission webhook "policy" denied the request: no')))
    with pytest.raises(ObjectsNotReady, match="denied the request"):
        wait_until_ready(api, [sts], HANG_S)


def test_an_old_warning_is_no_verdict(fake_api, api):
    sts = {**deployment(), "kind": "StatefulSet"}
    made = fake_api.put(sts)
    fake_api.status("StatefulSet", "web", "default", observedGeneration=1)
    fake_api.put(event(made, "FailedCreate", "exceeded quota", lastTimestamp="2020-01-01T00:00:00Z"))
    status = {"observedGeneration": 1, "readyReplicas": 1, "replicas": 1, "currentRevision": "a", "updateRevision": "a"}
    Later(0.3, lambda: fake_api.status("StatefulSet", "web", "default", **status))
    wait_until_ready(api, [sts], HANG_S)


def test_a_volume_that_cannot_be_made_ends_the_wait(fake_api, api):
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "default"}, "spec": {}}
    made = fake_api.put(claim)
    fake_api.put(event(made, "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found'))
    with pytest.raises(ObjectsNotReady, match=r'its volume cannot be made: .*"fast" not found'):
        wait_until_ready(api, [claim], HANG_S)


def test_a_failed_job_ends_the_wait(fake_api, api):
    job = {**deployment(), "apiVersion": "batch/v1", "kind": "Job"}
    fake_api.put(job)
    failed = {
        "type": "Failed",
        "status": "True",
        "reason": "BackoffLimitExceeded",
        "message": "Job has reached the specified backoff limit",
    }
    Later(0.2, lambda: fake_api.status("Job", "web", "default", conditions=[failed]))
    with pytest.raises(ObjectsNotReady, match="failed: BackoffLimitExceeded"):
        wait_until_ready(api, [job], HANG_S)


def test_a_state_from_before_our_own_write_does_not_count(fake_api, api):
    """A cache that lags behind shows the old object, ready in its old generation."""
    fake_api.put(deployment())
    serve(fake_api)
    old = fake_api.find("Deployment", "web", "default")
    api.apply({**deployment(), "spec": {**deployment()["spec"], "replicas": 2}}, force=True)
    fake_api.stale["apps/v1/deployments"] = [old]
    with pytest.raises(NotReady):
        wait_until_ready(api, [deployment()], 0.5)


FAULTS = {
    "a-dropped-connection": ["drop_watches"],
    "two-dropped-connections": ["drop_watches", "drop_watches"],
    "an-expired-version": ["expire_watches"],
    "a-bookmark": ["bookmark", "drop_watches"],
    "a-server-error-on-the-next-watch": [("fail", "watch", 503), "drop_watches"],
    "too-many-requests-on-the-next-list": [("fail", "list", 429), "expire_watches"],
    "a-reset-on-the-next-watch": [("reset", "watch"), "drop_watches"],
}


@pytest.mark.parametrize("fault", [pytest.param(acts, id=name) for name, acts in FAULTS.items()])
def test_a_wait_outlives(fake_api, api, fault):
    fake_api.put(deployment())
    calls = [(act,) if isinstance(act, str) else act for act in fault]
    acts = [functools.partial(getattr(fake_api, name), *arguments) for name, *arguments in calls]
    Later(0.1, lambda: fake_api.wait_for_watches(4), *acts, lambda: serve(fake_api))
    wait_until_ready(api, [deployment()], HANG_S)


def test_a_change_made_while_the_watch_was_down_is_seen(fake_api, api):
    fake_api.put(deployment())

    def cut_and_serve():
        fake_api.fail("watch", 503, times=4)
        fake_api.drop_watches()
        serve(fake_api)

    Later(0.2, cut_and_serve)
    wait_until_ready(api, [deployment()], HANG_S)


def test_an_expired_history_loses_no_deletion(fake_api, api):
    fake_api.put(deployment())
    ref = Ref("Deployment", "web", "default", "apps/v1")

    def delete_behind():
        fake_api.fail("watch", 503, times=2)
        fake_api.drop_watches()
        fake_api.store.delete("apps/v1/deployments", "default", "web")
        fake_api.store.compacted = fake_api.store.version

    Later(0.2, delete_behind)
    assert wait_until(api, ref, lambda obj: obj is None, HANG_S) == {}


def test_events_told_twice_or_out_of_order_change_nothing(fake_api, api):
    fake_api.put(deployment())
    first = fake_api.find("Deployment", "web", "default")
    serve(fake_api)
    shared = watches(api)
    subject = Subject("Deployment")
    with shared.on([subject]) as open_watches:
        fake_api.wait_for_watches(1)
        fake_api.emit({"type": "MODIFIED", "object": first})
        fake_api.emit({"type": "DELETED", "object": first})
        fake_api.put(deployment("told-last"))
        with shared.changed:
            assert shared.changed.wait_for(lambda: open_watches[subject].find("default", "told-last"), HANG_S)
            seen = open_watches[subject].find("default", "web")
    assert seen == fake_api.find("Deployment", "web", "default")


def test_many_waits_share_one_watch_a_kind(fake_api, api):
    names = [f"n{number}" for number in range(6)]
    for name in names:
        fake_api.put(deployment(name))
    threads = [threading.Thread(target=wait_until_ready, args=(api.view(), [deployment(name)], HANG_S)) for name in names]
    for thread in threads:
        thread.start()
    fake_api.wait_for_watches(4)
    for name in names:
        serve(fake_api, name)
    for thread in threads:
        thread.join(HANG_S)
    assert sorted({request.path for request in fake_api.of("watch")}) == sorted(request.path for request in fake_api.of("watch"))
    assert len(fake_api.of("list")) == 4


def test_nothing_is_watched_after_the_last_wait(fake_api, api):
    fake_api.put(deployment())
    serve(fake_api)
    wait_until_ready(api, [deployment()], HANG_S)
    deadline = time.monotonic() + HANG_S
    while any(thread.name.startswith("watch ") for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_forbidden_watch_ends_the_wait(fake_api, api):
    fake_api.fail("list", 403, times=100, path="deployments")
    with pytest.raises(ObjectsNotReady, match="403"):
        wait_until_ready(api, [deployment()], HANG_S)


def test_progress_tells_each_turn_once(fake_api, api):
    notes = []

    class Notes:
        def note(self, subject, state, detail=""):
            notes.append((subject, state, detail))

    fake_api.put(deployment())
    Later(0.2, lambda: fake_api.status("Deployment", "web", "default", observedGeneration=1, updatedReplicas=0), lambda: serve(fake_api))
    wait_until_ready(api, [deployment()], HANG_S, progress=Notes(), subject="web")
    assert len(notes) == len(set(notes))
    assert ("web", State.WAITING, "Deployment default/web: 0/1 ready") in notes


def test_waiting_for_one_object_watches_only_that(fake_api, api):
    fake_api.put(deployment())
    Later(0.2, lambda: serve(fake_api))
    seen = wait_until(api, Ref("Deployment", "web", "default", "apps/v1"), lambda obj: bool(obj and obj.get("status")), HANG_S)
    assert seen["status"]["readyReplicas"] == 1
    assert {request.query.get("fieldSelector") for request in fake_api.requests} == {"metadata.name=web"}


def test_waiting_for_one_object_tells_its_last_state(fake_api, api):
    with pytest.raises(NotReady, match="absent, after 0 s"):
        wait_until(api, Ref("Deployment", "web", "default", "apps/v1"), lambda obj: obj is not None, 0.3)
