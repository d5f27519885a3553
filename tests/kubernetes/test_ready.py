"""When an object counts as ready, kind by kind, and in which words it does not."""

import pytest

from converge.kubernetes.pods import pod_state, pods_of, selects
from converge.kubernetes.ready import readiness


def obj(kind, status=None, spec=None, generation=1, **metadata):
    found = {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "x", "generation": generation, **metadata}, "spec": spec or {}}
    return found if status is None else {**found, "status": status}


def conditions(**states):
    return {"conditions": [{"type": name, "status": state} for name, state in states.items()]}


DEPLOYED = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
PENDING = {"phase": "Pending"}
AGENTS = {"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}
UNSEEN = "its controller has not seen the change yet"
UNUSED = "waits for its first consumer"
BY_HAND = {"updateStrategy": {"type": "OnDelete"}}
GIVEN_UP = {"type": "Issuing", "status": "False", "reason": "Failed", "message": "CSR not signed"}
LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "m"}
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
STATEFUL = {"observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}


@pytest.mark.parametrize(
    ("found", "is_ready", "text"),
    [
        pytest.param(obj("ConfigMap"), True, "ready", id="config-map"),
        pytest.param(obj("Deployment"), False, "its controller has not seen it yet", id="deployment-unseen"),
        pytest.param(obj("Deployment", DEPLOYED, generation=2), False, UNSEEN, id="deployment-old"),
        pytest.param(obj("Deployment", {**DEPLOYED, "availableReplicas": 0}), False, "0/1 ready", id="deployment-unavailable"),
        pytest.param(obj("Deployment", {**DEPLOYED, "replicas": 2}), False, "1/1 ready, 1 old to go", id="deployment-old-pods"),
        pytest.param(obj("Deployment", DEPLOYED), True, "ready", id="deployment"),
        pytest.param(obj("Deployment", {"observedGeneration": 1}, {"replicas": 0}), True, "ready", id="deployment-of-none"),
        pytest.param(obj("StatefulSet", {**STATEFUL, "readyReplicas": 0}), False, "0/1 ready", id="stateful-set-unready"),
        pytest.param(obj("StatefulSet", {**STATEFUL, "updateRevision": "b"}), False, "0/1 updated", id="stateful-set-updating"),
        pytest.param(obj("StatefulSet", STATEFUL), True, "ready", id="stateful-set"),
        pytest.param(
            obj("StatefulSet", {**STATEFUL, "updateRevision": "b"}, BY_HAND),
            True,
            "ready",
            id="stateful-set-on-delete",
        ),
        pytest.param(
            obj("DaemonSet", AGENTS),
            False,
            "1/2 ready",
            id="daemon-set-unready",
        ),
        pytest.param(obj("DaemonSet", {"observedGeneration": 1, "desiredNumberScheduled": 0}), True, "ready", id="daemon-set-of-none"),
        pytest.param(obj("Job", {"succeeded": 1}, {"completions": 3}), False, "1/3 done", id="job-running"),
        pytest.param(obj("Job", conditions(Complete="True")), True, "ready", id="job"),
        pytest.param(
            obj("Certificate", {"conditions": [GIVEN_UP, {"type": "Ready", "status": "True"}]}),
            True,
            "ready",
            id="certificate-renewal-failed",
        ),
        pytest.param(obj("PersistentVolumeClaim", {"phase": "Bound"}), True, "ready", id="claim"),
        pytest.param(
            obj("PersistentVolumeClaim", PENDING, {"storageClassName": "x"}),
            True,
            "waits for its first consumer",
            id="claim-unused",
        ),
        pytest.param(
            obj(
                "PersistentVolumeClaim",
                PENDING,
                {"storageClassName": "x"},
                annotations={"volume.kubernetes.io/selected-node": "n"},
            ),
            False,
            "pending",
            id="claim-being-made",
        ),
        pytest.param(obj("CustomResourceDefinition", conditions(Established="True")), True, "ready", id="definition"),
        pytest.param(obj("CustomResourceDefinition", {}), False, "not Established yet", id="definition-new"),
        pytest.param(obj("APIService", conditions(Available="False")), False, "not Available yet", id="api-service"),
        pytest.param(obj("Certificate"), False, "not Ready yet", id="certificate-new"),
        pytest.param(obj("Certificate", conditions(Ready="True")), True, "ready", id="certificate"),
        pytest.param(
            obj("Certificate", {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}, generation=2),
            False,
            "not Ready yet",
            id="certificate-of-the-old-spec",
        ),
        pytest.param(obj("ClusterIssuer", conditions(Ready="False")), False, "not Ready yet", id="issuer"),
        pytest.param(obj("Service", {}, {"type": "LoadBalancer"}), False, "no address yet", id="load-balancer"),
        pytest.param(obj("Service", {}, {"type": "LoadBalancer", "externalIPs": ["10.0.0.1"]}), True, "ready", id="external-ips"),
        pytest.param(obj("Namespace", {"phase": "Active"}), True, "ready", id="namespace"),
        pytest.param(obj("Widget"), True, "ready", id="any-without-conditions"),
        pytest.param(obj("Widget", conditions(Ready="False")), False, "not Ready yet", id="any-with-conditions"),
        pytest.param(obj("Widget", {"observedGeneration": 1}, generation=2), False, UNSEEN, id="any-unseen"),
        pytest.param(obj("Deployment", DEPLOYED, **GOING), False, "being deleted", id="going"),
    ],
)
def test_readiness(found, is_ready, text):
    judged = readiness(found)
    assert (judged.is_ready, judged.text, judged.is_terminal) == (is_ready, text, False)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        pytest.param(
            obj("Job", {"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}]}),
            "failed: DeadlineExceeded: too long",
            id="job",
        ),
        pytest.param(obj("PersistentVolumeClaim", {"phase": "Lost"}), "its volume is lost", id="claim"),
        pytest.param(obj("Certificate", {"conditions": [GIVEN_UP]}), "its issuance failed: CSR not signed", id="certificate"),
        pytest.param(
            obj(
                "Deployment",
                {
                    "observedGeneration": 1,
                    "conditions": [LATE],
                },
            ),
            "0/1 ready: m",
            id="deployment",
        ),
        pytest.param(
            obj("CustomResourceDefinition", {"conditions": [{"type": "NamesAccepted", "status": "False", "message": "taken"}]}),
            "its names are taken: taken",
            id="definition",
        ),
    ],
)
def test_a_state_that_nothing_cures(found, text):
    judged = readiness(found)
    assert (judged.is_terminal, judged.text) == (True, text)


def pod(status, labels=None, owner="rs", **metadata):
    references = [{"uid": owner, "controller": True}]
    return {
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "n", "labels": labels or {}, "ownerReferences": references, **metadata},
        "status": status,
    }


def unschedulable(since):
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes", "lastTransitionTime": since}
    return pod({"phase": "Pending", "conditions": [condition]})


def test_a_pod_that_no_node_takes_is_given_a_grace():
    now = 1_800_000_000.0
    young, old = unschedulable("2027-01-15T07:59:50Z"), unschedulable("2027-01-15T07:58:00Z")
    assert (pod_state(young, now).is_terminal, pod_state(old, now).is_terminal) == (False, True)
    assert pod_state(old, now).text == "no node takes it: 0/1 nodes"


def test_a_starting_container_tells_for_how_long():
    running = {"name": "kc", "ready": False, "restartCount": 0, "state": {"running": {"startedAt": "2027-01-15T07:59:48Z"}}}
    assert pod_state(pod({"phase": "Running", "containerStatuses": [running]}), 1_800_000_000.0).text == "container kc is starting, 12 s"


def test_the_worst_container_speaks_for_the_pod():
    done = {"name": "init", "state": {"terminated": {"exitCode": 0}}}
    bad = {"name": "b", "state": {"waiting": {"reason": "ErrImageNeverPull"}}}
    slow = {"name": "a", "state": {"waiting": {"reason": "ContainerCreating"}}}
    state = pod_state(pod({"phase": "Pending", "initContainerStatuses": [done], "containerStatuses": [slow, bad]}))
    assert (state.container, state.is_terminal) == ("b", True)


def test_only_pods_of_the_newest_revision_belong_to_a_workload():
    labels = {"app": "x", "controller-revision-hash": "new"}
    sts = {
        **obj("StatefulSet", {"updateRevision": "new"}, {"selector": {"matchLabels": {"app": "x"}}}, namespace="n"),
        "kind": "StatefulSet",
    }
    new, old = pod({}, labels), pod({}, {**labels, "controller-revision-hash": "old"})
    assert pods_of(sts, [new, old]) == [new]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        pytest.param({"matchLabels": {"a": "1"}}, True, id="equal"),
        pytest.param({"matchLabels": {"a": "2"}}, False, id="unequal"),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}, True, id="in"),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, False, id="not-in"),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, True, id="exists"),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, False, id="exists-not"),
        pytest.param({}, False, id="empty"),
    ],
)
def test_selectors(selector, expected):
    assert selects(selector, {"a": "1"}) is expected
