"""A request that is repeated says what it waits for before it asks again, and stops where only a person can help. Time is virtual."""

import json

import pytest

from converge.errors import Refused, Unreachable
from converge.kubernetes.desired import COMPONENT
from converge.kubernetes.patience import GRACE_S

HOOK = "hold.example.com"
MISSING = f'Internal error occurred: failed calling webhook "{HOOK}": failed to call webhook: Post "https://x": service "hold" not found'
ANSWER = json.dumps({"kind": "Status", "code": 500, "reason": "InternalError", "message": MISSING}).encode()
WANTED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "default"}, "data": {"a": "1"}}


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("converge.kubernetes.wire.time", clock)
    monkeypatch.setattr("converge.kubernetes.patience.time", clock)
    return clock


def hook(labels=None, service="hold"):
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "hold", "labels": labels or {}},
        "webhooks": [{"name": HOOK, "clientConfig": {"service": {"namespace": "other", "name": service}}}],
    }


def service():
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "hold", "namespace": "other"},
        "spec": {"selector": {"app": "hold"}},
    }


def pod(**state):
    status = {"phase": "Running", "containerStatuses": [{"name": "hold", "ready": False, "restartCount": 9, "state": state}]}
    metadata = {"name": "hold-1", "namespace": "other", "labels": {"app": "hold"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "hold"}]}, "status": status}


def never(fake_api, verb="apply"):
    fake_api.fail(verb, 500, times=10_000, body=ANSWER)


def test_what_is_waited_for_is_told_before_the_second_attempt(fake_api, clock):
    fake_api.fail("apply", 503, times=2, message="etcd has no leader")
    told = []
    api = fake_api.client(waiting=lambda words: told.append((words, len(fake_api.of("apply")))))
    api.apply(WANTED)
    assert told == [("apply ConfigMap default/one: 503: etcd has no leader", 1)]


def test_other_words_are_told_anew(fake_api, clock):
    fake_api.fail("apply", 503, message="etcd has no leader")
    fake_api.fail("apply", 429, message="too many requests")
    told = []
    fake_api.client(waiting=told.append).apply(WANTED)
    assert [words.rpartition(": ")[2] for words in told] == ["etcd has no leader", "too many requests"]


def test_a_view_of_a_view_tells_the_same(fake_api, clock):
    fake_api.fail("get", 503)
    told = []
    fake_api.put(WANTED)
    fake_api.client().view(waiting=told.append).view(read_only=True).get("ConfigMap", "one", "default")
    assert told


@pytest.mark.parametrize("verb", ["apply", "create"])
def test_a_foreign_webhook_without_its_service_ends_the_wait_after_a_grace(fake_api, clock, verb):
    fake_api.put(hook())
    never(fake_api, verb)
    told = []
    api = fake_api.client(patience_s=300, waiting=told.append)
    started = clock.now
    with pytest.raises(Refused) as caught:
        getattr(api, verb)(WANTED)
    assert GRACE_S <= clock.now - started < 2 * GRACE_S
    assert told == [f"ValidatingWebhookConfiguration hold: {MISSING[MISSING.index('failed') :]}"]
    assert "Service other/hold, which does not exist; nothing happened there for " in caught.value.cause
    assert "kubectl delete validatingwebhookconfiguration.admissionregistration.k8s.io/hold" in caught.value.next_command


def test_our_own_webhook_has_the_whole_deadline(fake_api, clock):
    fake_api.put(hook(labels={COMPONENT: "cert-manager"}))
    never(fake_api)
    started = clock.now
    with pytest.raises(Unreachable) as caught:
        fake_api.client(patience_s=300).apply(WANTED)
    assert clock.now - started > 250
    assert "belongs to component cert-manager" in caught.value.cause
    assert "delete" not in caught.value.next_command


def test_a_foreign_webhook_whose_pod_starts_has_the_whole_deadline(fake_api, clock):
    for obj in (hook(), service(), pod(waiting={"reason": "ContainerCreating"})):
        fake_api.put(obj)
    never(fake_api)
    started = clock.now
    with pytest.raises(Unreachable, match="temporary trouble") as caught:
        fake_api.client(patience_s=300).apply(WANTED)
    assert clock.now - started > 250
    assert "hold-1" in caught.value.cause


@pytest.mark.parametrize(
    ("objects", "state"),
    [
        pytest.param([service()], "has no pods", id="no pods"),
        pytest.param([service(), pod(waiting={"reason": "ErrImageNeverPull"})], "has no pod that is ready", id="image missing"),
    ],
)
def test_a_foreign_webhook_behind_which_nothing_will_start_ends_the_wait(fake_api, clock, objects, state):
    for obj in (hook(), *objects):
        fake_api.put(obj)
    never(fake_api)
    with pytest.raises(Refused) as caught:
        fake_api.client(patience_s=300).apply(WANTED)
    assert state in caught.value.cause


def test_a_foreign_webhook_is_to_blame_also_where_the_patience_ends_before_the_grace(fake_api, clock):
    fake_api.put(hook())
    never(fake_api)
    with pytest.raises(Unreachable, match="temporary trouble") as caught:
        fake_api.client(patience_s=GRACE_S / 2).apply(WANTED)
    assert "does not exist; nothing happened there for " in caught.value.cause
    assert "kubectl delete validatingwebhookconfiguration" in caught.value.next_command


def test_a_webhook_that_comes_back_within_the_grace_is_no_failure(fake_api, clock):
    fake_api.put(hook())
    fake_api.fail("apply", 500, times=4, body=ANSWER)
    fake_api.client(patience_s=300).apply(WANTED)
    assert fake_api.find("ConfigMap", "one", "default")


def test_the_webhook_that_converts_a_kind_is_named(fake_api, clock):
    config = {"strategy": "Webhook", "webhook": {"clientConfig": {"service": {"namespace": "other", "name": "hold"}}}}
    spec = {
        "group": "example.test",
        "names": {"kind": "Widget", "plural": "widgets"},
        "scope": "Namespaced",
        "versions": [],
        "conversion": config,
    }
    fake_api.put(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.test"},
            "spec": spec,
        }
    )
    message = 'conversion webhook for example.test/v1, Kind=Widget failed: Post "https://x": service "hold" not found'
    fake_api.fail("apply", 500, times=10_000, message=message)
    with pytest.raises(Refused) as caught:
        fake_api.client(patience_s=300).apply(WANTED)
    assert "CustomResourceDefinition widgets.example.test calls Service other/hold, which does not exist" in caught.value.cause


def test_a_cause_that_may_not_be_looked_at_leaves_the_servers_words(fake_api, clock):
    never(fake_api)
    fake_api.fail("list", 403, times=10_000)
    told = []
    with pytest.raises(Unreachable):
        fake_api.client(patience_s=60, waiting=told.append).apply(WANTED)
    assert told == [f"apply ConfigMap default/one: 500 InternalError: {MISSING}"]
