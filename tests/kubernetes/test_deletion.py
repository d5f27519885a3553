"""What keeps an object that is being deleted is told, and a wait ends early where somebody else's finalizer does. Time is virtual."""

import pytest
from fake_api import FakeApi

from converge.errors import NotReady
from converge.kubernetes.deletion import through_endings, wait_until_gone
from converge.kubernetes.objects import Ref
from converge.kubernetes.patience import GRACE_S

NOW = "2026-11-26T12:00:00Z"
FOREIGN = "example.com/hold"
HELD = "finalizer example.com/hold of ConfigMap web/one keeps it"


@pytest.fixture
def fake_api():
    """It has few kinds: who waits for a namespace lists each, again and again."""
    server = FakeApi(("Namespace", "ConfigMap", "Pod", "PersistentVolumeClaim", "Deployment", "ReplicaSet", "APIService"))
    yield server
    server.close()


@pytest.fixture
def clock(monkeypatch):
    """A wait for the object takes as long as it may, and it is still there: ``clock.then`` are what happens meanwhile, by its end."""

    class Clock:
        def __init__(self):
            self.now = 1000.0
            self.then = {}

        def monotonic(self):
            return self.now

    clock = Clock()

    def wait_until(api, ref, predicate, deadline_s, *, wanted=""):
        clock.now += deadline_s
        for at in [at for at in clock.then if at <= clock.now - 1000]:
            clock.then.pop(at)()
        obj = api.find(ref.kind, ref.name, ref.namespace, api_version=ref.api_version)
        if not predicate(obj):
            raise NotReady(wanted, seen="being deleted")
        return obj or {}

    monkeypatch.setattr("converge.kubernetes.deletion.time", clock)
    monkeypatch.setattr("converge.kubernetes.deletion.wait_until", wait_until)
    return clock


def going(kind="ConfigMap", name="one", namespace="web", *finalizers, owner="", api_version="v1"):
    metadata = {"name": name, "deletionTimestamp": NOW, "finalizers": list(finalizers)}
    metadata |= {"namespace": namespace} if namespace else {}
    metadata |= {"ownerReferences": [{"uid": owner}]} if owner else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def namespace(**status):
    return {**going("Namespace", "web", ""), "status": {"phase": "Terminating", **status}}


def wait(fake_api, ref, deadline_s=300.0):
    told = []
    with pytest.raises(NotReady) as caught:
        wait_until_gone(fake_api.client(waiting=told.append), ref, "", deadline_s)
    return told, caught.value


WEB = Ref("Namespace", "web", "", "v1")
ONE = Ref("ConfigMap", "one", "web", "v1")


def test_a_namespace_names_the_finalizer_and_the_object_that_keep_it(fake_api, clock):
    words = "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    fake_api.put(namespace(conditions=[{"type": "NamespaceFinalizersRemaining", "status": "True", "message": words}]))
    fake_api.put(going("ConfigMap", "one", "web", FOREIGN))
    told, error = wait(fake_api, WEB)
    assert told == [f"Namespace web is being deleted; {HELD}"]
    assert HELD in error.seen
    assert words in error.cause
    assert GRACE_S <= clock.now - 1000 < 2 * GRACE_S
    assert "kubectl patch configmap/one -n web --type=merge" in error.next_command


def test_the_first_word_comes_within_two_seconds(fake_api, clock):
    fake_api.put(going("ConfigMap", "one", "web", FOREIGN))
    at = []
    with pytest.raises(NotReady):
        wait_until_gone(fake_api.client(waiting=lambda _: at.append(clock.now - 1000)), ONE, "", 300)
    assert at[0] <= 2


def test_an_object_that_ends_by_itself_has_the_whole_deadline(fake_api, clock):
    fake_api.put(namespace())
    fake_api.put(going("Pod", "slow", "web"))
    fake_api.put(going("ConfigMap", "one", "web", FOREIGN))
    told, error = wait(fake_api, WEB)
    assert clock.now - 1000 >= 300
    assert told == [f"Namespace web is being deleted; {HELD} (and 1 more)"]
    assert "300 s" in error.seen


def test_kubernetes_own_finalizers_have_the_whole_deadline(fake_api, clock):
    fake_api.put(going("PersistentVolumeClaim", "data", "web", "kubernetes.io/pvc-protection"))
    told, error = wait(fake_api, Ref("PersistentVolumeClaim", "data", "web", "v1"), 120)
    assert clock.now - 1000 >= 120
    assert "kubernetes.io/pvc-protection" in told[0]
    assert "patch" not in error.next_command


def test_progress_starts_the_grace_anew(fake_api, clock):
    fake_api.put(namespace())
    fake_api.put(going("ConfigMap", "one", "web", FOREIGN))
    fake_api.put(going("ConfigMap", "two", "web", FOREIGN))
    clock.then = {GRACE_S - 4: lambda: fake_api.client().delete("ConfigMap", "two", "web")}
    wait(fake_api, WEB)
    assert clock.now - 1000 >= 2 * GRACE_S - 8


def test_it_ends_when_the_finalizer_goes(fake_api, clock):
    fake_api.put(going("ConfigMap", "one", "web", FOREIGN))
    clock.then = {10: lambda: fake_api.client().delete("ConfigMap", "one", "web")}
    wait_until_gone(fake_api.client(), ONE, "", 300)
    assert clock.now - 1000 < GRACE_S


def test_what_an_owner_waits_for_is_named(fake_api, clock):
    made = fake_api.put({**going("Deployment", "web", "web", "foregroundDeletion", api_version="apps/v1"), "spec": {}})
    fake_api.put(going("ReplicaSet", "web-1", "web", FOREIGN, owner=made["metadata"]["uid"], api_version="apps/v1"))
    told, error = wait(fake_api, Ref("Deployment", "web", "web", "apps/v1"))
    assert told == ["Deployment web/web is being deleted; finalizer example.com/hold of ReplicaSet web/web-1 keeps it"]
    assert "kubectl patch replicaset.apps/web-1 -n web" in error.next_command


def test_our_own_finalizers_stay_in_the_command(fake_api, clock):
    fake_api.put(going("ConfigMap", "one", "web", "orphan", FOREIGN))
    _, error = wait(fake_api, ONE)
    assert """'{"metadata":{"finalizers":["orphan"]}}'""" in error.next_command


def test_a_write_into_a_namespace_that_began_to_end_names_what_keeps_it(fake_api, clock):
    fake_api.put(namespace())
    fake_api.put(going("ConfigMap", "one", "web", FOREIGN))
    told, writes = [], []
    api = fake_api.client(waiting=told.append)

    def write():
        writes.append(clock.now)
        api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": "web"}})

    with pytest.raises(NotReady) as caught:
        through_endings(api, [namespace()], write, lambda: 300.0)
    assert told == [f"Namespace web is being deleted; {HELD}"]
    assert HELD in caught.value.seen
    assert len(writes) == 1
