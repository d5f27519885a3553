"""One component of a platform, reconciled against a recording API server."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from converge.components.terms import Difference, GeneratedSecret, Remark
from converge.engine import reconcile
from converge.engine.outcome import Result
from converge.errors import Missing, Refused, ThinkubeError, Unreachable

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "web"}, "data": {"colour": "blue"}}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "web"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "x:1"}]}},
    },
}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.test"},
    "spec": {
        "group": "example.test",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [{"name": "v1", "served": True, "storage": True}],
    },
}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hook", "namespace": "web"}, "spec": {"selector": {"app": "web"}}}
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "widgets"},
    "webhooks": [{"name": "widgets.example.test", "clientConfig": {"service": {"name": "hook", "namespace": "web"}}}],
}
WIDGET = {"apiVersion": "example.test/v1", "kind": "Widget", "metadata": {"name": "one", "namespace": "web"}, "spec": {"size": 1}}


class Realm:
    """A setting of an admin API that is only a dictionary."""

    subject = "realm test"

    def __init__(self, log: list[str], *, sticks: bool = True, unreachable: int = 0) -> None:
        self.log, self.sticks, self.unreachable, self.written = log, sticks, unreachable, False

    def differences(self) -> Sequence[Difference]:
        if self.unreachable:
            self.unreachable -= 1
            raise Unreachable("the admin API", seen="connection refused")
        return () if self.written and self.sticks else (Difference("realm test", "enabled", wanted=True, seen=None),)

    def write(self) -> None:
        self.log.append("write realm")
        self.written = True


def test_what_is_absent_is_written_and_named(bench) -> None:
    outcome = bench.converge()
    assert outcome.result is Result.CONVERGED, outcome.text
    assert outcome.changes == ("create Namespace web", "create ConfigMap web/settings")
    assert bench.fake_api.find("ConfigMap", "settings", "web")["data"] == {"colour": "blue"}


def test_a_second_converge_writes_nothing_at_all(bench, another) -> None:
    bench.converge()
    bench.platform.close({}, 0.0)
    bench.fake_api.forget()
    again = another(bench)
    outcome = again.converge()
    again.platform.close({"web": outcome}, 0.0)
    assert (outcome.result, outcome.changes) == (Result.CONVERGED, ())
    assert bench.fake_api.writes == []


def test_what_somebody_did_on_purpose_is_said_and_left_as_it_is(bench, another) -> None:
    bench.converge()
    bench.platform.close({}, 0.0)
    bench.fake_api.forget()
    again = another(bench)
    again.web.remarked = [Remark("Node a", "is cordoned", "kubectl uncordon a")]
    outcome = again.converge()
    assert (outcome.result, outcome.changes) == (Result.CONVERGED, ())
    assert outcome.remarks == ("Node a is cordoned; kubectl uncordon a",)
    assert bench.fake_api.writes == []
    assert again.operations.verify("web").remarks == outcome.remarks


def test_the_lease_is_held_while_writing_and_given_back(bench) -> None:
    outcome = bench.converge()
    assert bench.fake_api.find("Lease", "converge", "thinkube-system")["spec"]["holderIdentity"]
    bench.platform.close({"web": outcome}, 0.0)
    assert not bench.fake_api.find("Lease", "converge", "thinkube-system")["spec"]["holderIdentity"]


def test_what_was_done_is_recorded_only_when_something_was(bench) -> None:
    outcome = bench.converge()
    bench.platform.close({"web": outcome}, 1_790_000_000.0)
    data = bench.fake_api.find("ConfigMap", "record", "thinkube-system")["data"]
    assert '"result": "converged"' in data["web"]
    assert '"written": 2' in data["web"]
    assert "2026-" in data["run"]


def test_secrets_come_after_the_namespace_and_prerequisites_before_the_rest(bench) -> None:
    bench.web.generated = [GeneratedSecret("web", "admin", {"password": "password"})]
    bench.web.before = [Realm(bench.log)]
    outcome = bench.converge()
    assert outcome.changes == (
        "create Namespace web",
        "create Secret web/admin",
        "write realm test",
        "create ConfigMap web/settings",
    )


class Ending:
    """Somebody deletes the namespace while a run is between reading and writing; it is gone when the run has begun to wait for that."""

    subject = "the namespace"

    def __init__(self, bench, *, times: int = 1) -> None:
        self.fake_api, self.times = bench.fake_api, times
        bench.platform.__dict__["api"] = bench.fake_api.client(observe=self.observe)

    def differences(self) -> Sequence[Difference]:
        if self.times:
            self.times -= 1
            self.fake_api.edit("Namespace", "web", "", {"metadata": {"deletionTimestamp": "2026-11-26T12:00:00Z"}})
        return ()

    def observe(self, request, code: int, seconds: float) -> None:
        is_ending = "deletionTimestamp" in (self.fake_api.find("Namespace", "web") or NAMESPACE)["metadata"]
        if is_ending and request.verb == "watch" and "namespaces" in request.path:
            self.fake_api.store.delete("v1/namespaces", "", "web")


KEPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": "web"}, "data": {"a": "1"}}


def test_a_namespace_that_ends_under_a_run_is_made_again_with_all_that_was_in_it(bench, another) -> None:
    bench.web.wanted = [NAMESPACE, KEPT]
    bench.web.generated = [GeneratedSecret("web", "admin", {"password": "password"})]
    bench.converge()
    bench.platform.close({}, 0.0)
    again = another(bench)
    again.web.generated = bench.web.generated
    again.web.wanted = [NAMESPACE, KEPT, CONFIG]
    again.web.before = [Ending(again)]
    outcome = again.converge()
    assert outcome.result is Result.CONVERGED, outcome.text
    assert outcome.changes == (
        "create Namespace web",
        "create Secret web/admin",
        "create ConfigMap web/kept",
        "create ConfigMap web/settings",
    )


def test_what_still_stood_in_a_namespace_that_was_ending_when_it_was_read_is_made_again(bench, another) -> None:
    bench.converge()
    bench.platform.close({}, 0.0)
    again = another(bench)
    Ending(again).differences()
    outcome = again.converge()
    assert outcome.result is Result.CONVERGED, outcome.text
    assert outcome.changes == ("recreate Namespace web", "create ConfigMap web/settings")


def test_a_namespace_that_is_deleted_time_and_again_ends_the_run_with_the_servers_words(bench) -> None:
    bench.web.before = [Ending(bench, times=100)]
    outcome = bench.converge()
    assert outcome.result is Result.FAILED
    assert "unable to create new content in namespace web because it is being terminated" in outcome.text


def test_a_namespace_of_somebody_else_that_ends_is_not_waited_for(bench) -> None:
    bench.fake_api.put(NAMESPACE)
    bench.web.wanted = [CONFIG]
    bench.web.before = [Ending(bench)]
    outcome = bench.converge()
    assert outcome.result is Result.FAILED
    assert "because it is being terminated" in outcome.text
    assert not [request for request in bench.fake_api.of("watch") if "namespaces" in request.path.split("/")[-1]]


def test_instances_of_its_own_kinds_come_after_what_judges_them(bench) -> None:
    bench.web.wanted = [WIDGET, DEPLOYMENT, CRD, NAMESPACE, SERVICE, WEBHOOK]
    bench.web.images = ("web",)

    def serve() -> None:
        for _ in range(100):
            if bench.fake_api.find("Deployment", "web", "web"):
                break
            threading.Event().wait(0.05)
        assert bench.fake_api.find("Widget", "one", "web") is None
        bench.fake_api.status(
            "Deployment", "web", "web", observedGeneration=1, replicas=1, updatedReplicas=1, readyReplicas=1, availableReplicas=1,
            conditions=[{"type": "Available", "status": "True"}],
        )  # fmt: skip

    established = threading.Thread(target=_establish, args=(bench.fake_api,), daemon=True)
    established.start()
    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    outcome = bench.converge()
    assert outcome.result is Result.CONVERGED, outcome.text
    assert outcome.changes[-1] == "create Widget web/one"
    assert bench.cluster.loaded == ["thinkube.local/web:1"]


def _establish(fake_api) -> None:
    for _ in range(100):
        if fake_api.find("CustomResourceDefinition", "widgets.example.test"):
            fake_api.status("CustomResourceDefinition", "widgets.example.test", conditions=[{"type": "Established", "status": "True"}])
            return
        threading.Event().wait(0.05)


def test_images_are_loaded_only_where_something_is_to_be_done(bench, another) -> None:
    bench.web.images = ("web",)
    bench.converge()
    assert bench.cluster.loaded == ["thinkube.local/web:1"]
    again = another(bench)
    again.web.images = ("web",)
    again.converge()
    assert again.cluster.loaded == []


def test_a_component_without_its_image_is_unavailable_and_untouched(bench) -> None:
    bench.web.images = ("web",)
    bench.images.missing = {"web": "no registry answers"}
    outcome = bench.converge()
    assert (outcome.result, outcome.text) == (Result.UNAVAILABLE, "no registry answers")
    assert bench.fake_api.requests == []


def test_what_is_unavailable_is_shown_to_nobody_as_one_of_the_platforms(bench) -> None:
    """The dashboard would call it ill."""
    bench.web.images = ("web",)
    bench.images.version = lambda _: "1"
    assert [one.name for one in bench.platform.context.components()] == ["web"]
    bench.images.missing = {"web": "no registry answers"}
    bench.platform.__dict__.pop("unavailable")
    assert list(bench.platform.context.components()) == []


def test_a_conflict_ends_it_before_the_first_write(bench) -> None:
    bench.fake_api.put({**CONFIG, "data": {"colour": "theirs"}}, manager="somebody")
    outcome = bench.converge()
    assert outcome.result is Result.FAILED
    assert "ConfigMap web/settings" in outcome.text
    assert "somebody" in outcome.text
    assert bench.fake_api.writes == []


def test_a_setting_is_read_until_somebody_answers_written_and_read_again(bench) -> None:
    bench.web.settings_wanted = [Realm(bench.log, unreachable=3)]
    outcome = bench.converge()
    assert outcome.changes[-1] == "write realm test"
    assert bench.log == ["write realm"]


def test_a_setting_that_does_not_stick_is_a_failure_that_names_it(bench, monkeypatch) -> None:
    monkeypatch.setattr("converge.engine.reconcile.COMES_S", 0.2)
    bench.web.settings_wanted = [Realm(bench.log, sticks=False)]
    outcome = bench.converge()
    assert outcome.result is Result.FAILED
    assert "realm test as written" in outcome.text
    assert "enabled" in outcome.text


def test_a_fault_of_ours_fails_the_component_not_the_run(bench) -> None:
    def broken(context):
        raise KeyError("oops")

    bench.web.objects = broken
    outcome = bench.converge()
    assert outcome.result is Result.FAILED
    assert "a fault of the harness itself" in outcome.text
    assert "KeyError: 'oops'" in outcome.text


def test_no_secret_leaves_in_the_text_of_a_failure(bench) -> None:
    def refuse(context):
        raise Refused("to sign in", seen='{"password": "s3cr3t-canary"}')

    bench.web.objects = refuse
    assert "s3cr3t-canary" not in bench.converge().text


def test_verify_says_what_is_absent_and_writes_nothing(bench) -> None:
    outcome = bench.operations.verify("web")
    assert outcome.result is Result.FAILED
    assert "create ConfigMap web/settings" in outcome.text
    assert bench.fake_api.writes == []


def test_verify_lets_a_changed_field_pass_for_the_drift_scenario_to_name(bench) -> None:
    bench.converge()
    bench.fake_api.edit("ConfigMap", "settings", "web", {"data": {"colour": "red"}}, manager="kubectl-edit")
    bench.fake_api.forget()
    assert bench.operations.verify("web").result is Result.CONVERGED
    assert "ConfigMap web/settings" in bench.operations.verify_again("web").changes[0]
    assert bench.fake_api.writes == []


def test_verify_names_what_was_changed_where_that_may_be_why_it_does_not_serve(bench, monkeypatch) -> None:
    monkeypatch.setattr(reconcile, "COMES_S", 0.2)
    bench.web.wanted = [NAMESPACE, DEPLOYMENT]
    for obj in (NAMESPACE, DEPLOYMENT):
        bench.fake_api.client().apply(obj)
    bench.fake_api.edit("Deployment", "web", "web", {"spec": {"replicas": 2}}, manager="kubectl-edit")
    outcome = bench.operations.verify("web")
    assert outcome.result is Result.FAILED
    assert "spec.replicas: wanted 1, seen 2, written by kubectl-edit" in outcome.text
    assert "pytest features/ -m web" in outcome.text


def test_verify_without_a_cluster_says_so(bench) -> None:
    bench.lose_the_cluster()
    outcome = bench.operations.verify("web")
    assert outcome.result is Result.FAILED
    assert "not running" in outcome.text


def test_a_platform_being_stopped_writes_nothing_more(bench) -> None:
    bench.platform.stop()
    outcome = bench.converge()
    assert outcome.result is Result.FAILED
    assert bench.fake_api.writes == []


def test_everything_that_the_machine_lacks_is_told_at_once(bench, monkeypatch) -> None:
    monkeypatch.setattr("converge.images.tools.missing", lambda: ["buildah"])
    bench.operations.check()  # nothing to build, nothing to start
    bench.platform.provider.lacks = "only 1 GiB of memory"
    with pytest.raises(Missing, match="only 1 GiB of memory"):
        bench.operations.check()
    bench.web.images = ("web",)
    with pytest.raises(Missing) as caught:
        bench.operations.check()
    assert caught.value.seen == "only 1 GiB of memory\nnot installed: buildah"
    assert "get more" in caught.value.next_command
    assert "buildah" in caught.value.next_command


def test_an_unknown_component_is_told_with_the_nearest(bench) -> None:
    with pytest.raises(ThinkubeError, match="did you mean web"):
        bench.platform.component("webb")


@pytest.mark.parametrize("slow", ["archive", "objects"])
def test_the_first_making_of_images_and_manifests_is_not_counted(bench, monkeypatch, slow) -> None:
    now, waits = [1e9], []  # later than this run began to write
    monkeypatch.setattr(reconcile, "time", SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0]))
    monkeypatch.setattr(reconcile, "wait_until_ready", lambda api, objects, deadline_s, **_: waits.append(deadline_s))
    owner = bench.images if slow == "archive" else bench.web
    quick = getattr(owner, slow)
    monkeypatch.setattr(owner, slow, lambda asked: (now.__setitem__(0, now[0] + 900), quick(asked))[1])
    bench.web.images = ("web",)
    assert bench.converge().result is Result.CONVERGED
    assert (now[0], waits) == (1e9 + 900, [10])


def test_no_component_waits_for_the_manifests_of_another(bench, another) -> None:
    other, asked, made = another(bench), threading.Event(), threading.Event()

    def slow(context):
        asked.set()
        assert made.wait(10)
        return []

    bench.web.objects = slow
    waiting = threading.Thread(target=bench.converge)
    waiting.start()
    assert asked.wait(5)
    result = []
    beside = threading.Thread(target=lambda: result.append(other.converge().result), daemon=True)
    beside.start()
    beside.join(5)
    made.set()
    waiting.join(5)
    assert result == [Result.CONVERGED]
