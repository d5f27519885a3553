"""Rollback: reverse order, data kept or named, and nothing of anybody else's ever touched."""

from __future__ import annotations

import threading
from typing import ClassVar

import pytest
from fake_api import FakeApi
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from converge.components.component import Component
from converge.components.terms import GeneratedSecret
from converge.engine.outcome import Result
from converge.engine.rollback import Rollback, roll_back
from converge.errors import Refused, Unreachable
from converge.inventory import Inventory
from converge.kubernetes import secrets
from converge.kubernetes.apply import apply_changes, changes
from converge.kubernetes.desired import COMPONENT
from converge.progress import SILENCE


def config_map(name, namespace):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": {"a": "1"}}


def claim(name, namespace, **labels):
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {"resources": {"requests": {"storage": "1Gi"}}},
    }


def stateful_set(name, namespace):
    template = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    spec = {
        "serviceName": name,
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, "image": "x:1"}]}},
        "volumeClaimTemplates": [template],
    }
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


class Held:
    """A setting that a component holds for another, in a set; gone or silent as told."""

    there: ClassVar[set[str]] = set()
    removed: ClassVar[list[str]] = []
    silent: ClassVar[set[str]] = set()

    def __init__(self, subject, within):
        self.subject, self.within = subject, within

    def differences(self):
        return ()

    def write(self):
        self.there.add(self.subject)

    def is_there(self):
        if self.within in self.silent:
            raise Unreachable(self.subject, seen="no answer")
        return self.subject in self.there

    def remove(self):
        self.there.discard(self.subject)
        self.removed.append(self.subject)


class Bare(Component):
    def parts(self, inventory):
        return ()


class Control(Bare):
    name, issue, is_machine = "control-node", "CORE-001", True


class Base(Bare):
    name, issue, namespace, requires = "base", "CORE-001", "base", ("control-node",)

    def secrets(self):
        return (GeneratedSecret("base", "base-admin", {"password": "password"}),)

    def objects(self, context):
        return [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "base"}},
            config_map("base", "base"),
            stateful_set("base", "base"),
        ]

    def settings(self, context, access):
        return (Held("block in the cluster", ""), Held("own bucket", "base"))


class Above(Bare):
    name, issue, namespace, requires = "above", "CORE-002", "above", ("base",)

    def secrets(self):
        return (GeneratedSecret("above", "above-database", {"username": "=above", "password": "password"}, copies=("base",)),)

    def prerequisites(self, context, access):
        return (Held("database above", "base"),)

    def objects(self, context):
        return [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "above"}},
            config_map("above", "above"),
            stateful_set("above", "above"),
        ]


KINDS = ("Namespace", "ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume", "StatefulSet", "APIService")
"""All that a rollback asks for here: it lists every kind that the server has, again and again."""
KNOWN = {made.name: made(Inventory()) for made in (Control, Base, Above)}


class FakePlatform:
    """What a rollback needs of a platform, over the fake API server."""

    def __init__(self, fake_api):
        self.api = fake_api.client()
        self.fake_api = fake_api
        self.inventory, self.progress, self.context = Inventory(), SILENCE, None
        self.stopping, self.leases_taken = threading.Event(), 0

    def known(self, inventory=None):
        return KNOWN

    def watched(self, subject):
        return self.api

    def access_for(self, subject):
        return None

    def take_lease(self):
        self.leases_taken += 1

    def converge(self, name):
        component = KNOWN[name]
        objects = component.objects(None)
        found = changes(self.api, name, objects)
        apply_changes(self.api, name, [change for change in found if change.ref.kind == "Namespace"])
        secrets.ensure(self.api, name, component.secrets())
        apply_changes(self.api, name, changes(self.api, name, objects))
        for setting in (*component.prerequisites(None, None), *component.settings(None, None)):
            setting.write()
        if self.fake_api.find("PersistentVolumeClaim", f"data-{name}-0", name) is None:
            self.fake_api.put(claim(f"data-{name}-0", name, app=name), manager="kube-controller-manager")

    def there(self, namespace):
        return {
            (obj["kind"], obj["metadata"]["name"])
            for obj in self.fake_api.store.objects.values()
            if obj["metadata"].get("namespace") == namespace
        }

    def has(self, kind, name, namespace=""):
        return self.fake_api.find(kind, name, namespace) is not None


@pytest.fixture(autouse=True)
def nothing_held():
    for held in (Held.there, Held.removed, Held.silent):
        held.clear()


@pytest.fixture
def fake_api():
    server = FakeApi(KINDS)
    yield server
    server.close()


@pytest.fixture
def platform(fake_api):
    made = FakePlatform(fake_api)
    made.converge("base")
    made.converge("above")
    return made


def test_the_plan_names_what_goes_and_what_stays_and_writes_nothing(platform, fake_api):
    fake_api.forget()
    [plan] = Rollback(platform, "above").plan()
    assert plan.removes == ("StatefulSet above/above", "ConfigMap above/above")
    assert plan.destroys == ()
    text = "\n".join(plan.stays)
    for kept in (
        "Secret above/above-database",
        "Secret base/above-database",
        "data-above-0 (1Gi): it holds data",
        "database above, in base",
    ):
        assert kept in text
    assert not fake_api.writes
    assert not platform.leases_taken


def test_data_stays_and_the_next_converge_finds_it(platform):
    before = platform.fake_api.find("Secret", "above-database", "above")["data"]
    [outcome] = Rollback(platform, "above").run()
    assert outcome.result is Result.ROLLED_BACK
    assert outcome.changes == ("remove StatefulSet above/above", "remove ConfigMap above/above")
    assert platform.there("above") == {("PersistentVolumeClaim", "data-above-0"), ("Secret", "above-database")}
    assert Held.removed == []
    platform.converge("above")
    assert platform.fake_api.find("Secret", "above-database", "above")["data"] == before
    assert platform.has("StatefulSet", "above", "above")


def test_purge_names_and_destroys_the_data_also_after_a_rollback_that_kept_it(platform):
    Rollback(platform, "above").run()
    rollback = Rollback(platform, "above", purge=True)
    [plan] = rollback.plan()
    assert set(plan.destroys) == {
        "PersistentVolumeClaim above/data-above-0 (1Gi)",
        "Secret above/above-database",
        "Secret base/above-database",
        "database above, in base",
    }
    [outcome] = rollback.run()
    assert outcome.result is Result.ROLLED_BACK
    assert platform.there("above") == set()
    assert not platform.has("Namespace", "above")
    assert Held.removed == ["database above"]
    assert platform.has("StatefulSet", "base", "base")
    assert platform.has("Secret", "base-admin", "base")


def test_what_others_require_is_refused_and_they_are_named(platform):
    with pytest.raises(Refused) as refused:
        Rollback(platform, "base")
    assert refused.value.seen == "above requires it"
    assert refused.value.next_command == "thinkube rollback base --with-dependants"
    Rollback(platform, "above").run()
    assert [outcome.component for outcome in Rollback(platform, "base").run()] == ["base"]


def test_dependants_go_first(platform):
    outcomes = roll_back(platform, "base")
    assert [outcome.component for outcome in outcomes] == ["above", "base"]
    assert Held.removed == ["block in the cluster"]


def test_purge_tells_what_it_destroys_that_was_kept_for_others(platform):
    Rollback(platform, "above").run()
    [plan] = Rollback(platform, "base", purge=True).plan()
    assert "database above, inside for above" in plan.destroys
    assert "own bucket, inside" in plan.destroys


def test_what_the_cluster_holds_goes_with_every_rollback(platform):
    roll_back(platform, "base")
    assert "block in the cluster" not in Held.there
    assert "own bucket" in Held.there


def test_somebody_else_s_things_keep_the_namespace_even_when_it_is_purged(platform):
    platform.fake_api.put(config_map("theirs", "above"))
    platform.fake_api.put(claim("data-above-1", "above", app="somebody-else"))
    rollback = Rollback(platform, "above", purge=True)
    [plan] = rollback.plan()
    assert "Namespace above: it holds ConfigMap above/theirs, PersistentVolumeClaim above/data-above-1" in plan.stays
    rollback.run()
    assert platform.there("above") == {("ConfigMap", "theirs"), ("PersistentVolumeClaim", "data-above-1")}
    assert platform.has("Namespace", "above")


def test_machines_are_not_rolled_back(platform):
    with pytest.raises(Refused) as refused:
        Rollback(platform, "control-node")
    assert refused.value.next_command == "thinkube cluster delete"


def test_what_cannot_be_looked_at_stops_a_rollback_before_it_removes_anything(platform, fake_api):
    Held.silent.add("base")
    fake_api.forget()
    [outcome] = roll_back(platform, "above")
    assert outcome.result is Result.FAILED
    assert "database above" in outcome.text
    assert not fake_api.writes


def test_nothing_is_left_to_do_the_second_time(platform, fake_api):
    Rollback(platform, "above").run()
    fake_api.forget()
    assert not any(Rollback(platform, "above").plan())
    assert Rollback(platform, "above").run()[0].changes == ()
    assert not fake_api.writes


@pytest.mark.parametrize("purge", [False, True], ids=["keeping", "purging"])
def test_a_rollback_that_was_killed_at_any_write_is_finished_by_the_next(purge):
    done = False
    for number in range(40):
        fake_api = FakeApi(KINDS)
        try:
            for held in (Held.there, Held.removed):
                held.clear()
            platform = FakePlatform(fake_api)
            platform.converge("base")
            platform.converge("above")
            fake_api.forget()
            _killed_at(platform, number, purge=purge)
            done = len(fake_api.writes) < number
            Rollback(platform, "above", purge=purge).run()
            kept = set() if purge else {("PersistentVolumeClaim", "data-above-0"), ("Secret", "above-database")}
            assert platform.there("above") == kept, f"killed at write {number}"
            assert ("database above" in Held.there) is not purge
        finally:
            fake_api.close()
        if done:
            return
    pytest.fail("it never came to its end")


class Killed(BaseException):
    """As a kill -9: nothing that runs afterwards."""


def _killed_at(platform, number, *, purge):
    api = platform.api
    send, count = api.wire.send, iter(range(1000))

    def dying(request, **more):
        if request.is_write and next(count) >= number:
            raise Killed
        return send(request, **more)

    api.wire.send = dying
    try:
        Rollback(platform, "above", purge=purge).run()
    except Killed:
        pass
    finally:
        api.wire.send = send


class Anybody(RuleBasedStateMachine):
    """Converges, rollbacks and purges in any order, while somebody else keeps things beside and inside."""

    @initialize()
    def begin(self):
        for held in (Held.there, Held.removed):
            held.clear()
        self.fake_api = FakeApi(KINDS)
        self.platform = FakePlatform(self.fake_api)
        self.theirs = {}

    def teardown(self):
        if hasattr(self, "fake_api"):
            self.fake_api.close()

    @rule(name=st.sampled_from(["base", "above"]))
    def converge(self, name):
        self.platform.converge("base")
        self.platform.converge(name)

    @rule(name=st.sampled_from(["base", "above"]), purge=st.booleans())
    def take_back(self, name, purge):
        kept = {
            key: obj["metadata"]["uid"]
            for key, obj in self.fake_api.store.objects.items()
            if obj["kind"] in ("Secret", "PersistentVolumeClaim")
        }
        held = set(Held.there)
        outcomes = Rollback(self.platform, name, purge=purge, with_dependants=True).run()
        assert all(outcome.result is Result.ROLLED_BACK for outcome in outcomes), outcomes
        if not purge:
            now = {key: obj["metadata"]["uid"] for key, obj in self.fake_api.store.objects.items()}
            assert kept.items() <= now.items()
            assert held - Held.there <= {"block in the cluster"}

    @rule(
        made=st.sampled_from(
            [
                config_map("theirs", "above"),
                config_map("theirs", "base"),
                config_map("theirs", "default"),
                claim("data-above-0x", "above"),
                claim("data-above-7", "above", app="other"),
                claim("data-base-3", "base", **{"app": "base", COMPONENT: "somebody"}),
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": "above-database2", "namespace": "base", "labels": {COMPONENT: "above"}},
                },
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs"}},
            ]
        )
    )
    def keep_something(self, made):
        namespace = made["metadata"].get("namespace", "")
        if namespace in ("above", "base") and not self.platform.has("Namespace", namespace):
            return
        key = (made["kind"], made["metadata"]["name"], namespace)
        if key not in self.theirs:
            self.theirs[key] = self.fake_api.put(made)["metadata"]["uid"]

    @invariant()
    def theirs_are_all_there(self):
        for (kind, name, namespace), uid in getattr(self, "theirs", {}).items():
            found = self.fake_api.find(kind, name, namespace)
            assert found is not None, f"{kind} {namespace}/{name} was deleted"
            assert found["metadata"]["uid"] == uid
            assert namespace in ("", "default") or self.platform.has("Namespace", namespace), f"Namespace {namespace} was deleted"


TestNothingOfAnybodyElseIsEverDeleted = Anybody.TestCase
TestNothingOfAnybodyElseIsEverDeleted.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
