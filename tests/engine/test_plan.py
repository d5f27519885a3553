"""A plan: what a converge would do, as data, found without writing, and without a secret in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import pytest

from converge.components.terms import Difference, GeneratedSecret, Remark
from converge.engine.plan import Plan, PlannedField, Plans, Unknown, of_setting
from converge.engine.run import Run
from converge.errors import NotReady, Refused, Unreachable
from converge.kubernetes.apply import apply_changes, changes
from converge.redaction import REDACTOR
from converge.reporting.plan import rows

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "web"}, "data": {"colour": "blue"}}
KEYS = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": "web"}, "stringData": {"a.key": "one", "b": "two"}}
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

CORDONED = Remark("Node a", "is cordoned", "kubectl uncordon a")


class Bucket:
    """A setting of an admin API that remembers what was asked of it."""

    def __init__(self, differences: Sequence[Difference] = (), error: Exception | None = None) -> None:
        self.subject, self.found, self.error, self.writes = "bucket data", differences, error, 0

    def differences(self) -> Sequence[Difference]:
        if self.error:
            raise self.error
        return self.found

    def write(self) -> None:
        self.writes += 1


@pytest.fixture
def web(bench):
    return bench.web


@pytest.fixture
def converged(bench):
    assert bench.converge().text == ""
    bench.fake_api.forget()
    return bench


def said(plan: Plan) -> list[str]:
    return [f"{change.action} {change.subject}" for change in plan.changes]


def test_a_plan_names_what_is_absent(bench, web) -> None:
    web.generated = [GeneratedSecret("web", "admin", {"password": "password"})]
    web.settings_wanted = [Bucket([Difference("bucket data", "", wanted="present", seen="absent")])]
    plan = bench.operations.plan("web")
    assert said(plan) == ["create Secret web/admin", "create Namespace web", "create ConfigMap web/settings", "create bucket data"]
    assert plan.changes[-1].kind == "setting"


def test_a_plan_of_what_is_as_wanted_is_empty(converged) -> None:
    assert not converged.operations.plan("web")


def test_a_changed_field_has_both_values_and_who_wrote_it(converged) -> None:
    converged.fake_api.edit("ConfigMap", "settings", "web", {"data": {"colour": "red"}}, manager="kubectl-edit")
    (change,) = converged.operations.plan("web").changes
    (field,) = change.fields
    assert (change.action, change.api_version, change.kind, change.namespace, change.name) == (
        "change",
        "v1",
        "ConfigMap",
        "web",
        "settings",
    )
    assert (field.field, field.wanted, field.seen, field.manager) == ("data.colour", "blue", "red", "kubectl-edit")
    assert field.time
    assert "data.colour: wanted blue, seen red, written by kubectl-edit at" in str(change)


def test_a_field_of_another_manager_is_a_conflict_with_both_values(bench, web, fake_api) -> None:
    apply_changes(api := fake_api.client(), "web", changes(api, "web", [NAMESPACE, DEPLOYMENT]))
    fake_api.edit("Deployment", "web", "web", {"spec": {"replicas": 5}}, manager="autoscaler", subresource="scale")
    web.wanted = [NAMESPACE, DEPLOYMENT]
    (change,) = bench.operations.plan("web").changes
    assert (change.action, change.subject) == ("conflict", "Deployment web/web")
    assert [(field.field, field.wanted, field.seen, field.manager) for field in change.fields] == [("spec.replicas", 1, 5, "autoscaler")]


def test_an_object_of_somebody_else_is_a_conflict_that_names_them(bench, fake_api) -> None:
    fake_api.put(CONFIG, manager="helm")
    change = bench.operations.plan("web").changes[-1]
    assert str(change) == "conflict ConfigMap web/settings: it exists and was made by helm"


def test_a_recreate_says_why(bench, web, fake_api) -> None:
    old = deepcopy(DEPLOYMENT)
    old["spec"]["selector"]["matchLabels"] = old["spec"]["template"]["metadata"]["labels"] = {"app": "old"}
    fake_api.store.immutable.add(("apps/v1/deployments", "selector"))
    apply_changes(api := fake_api.client(), "web", changes(api, "web", [NAMESPACE, old]))
    web.wanted = [NAMESPACE, DEPLOYMENT]
    (change,) = bench.operations.plan("web").changes
    assert (change.action, change.reason) == ("recreate", "spec.selector cannot change in place")
    assert "spec.selector.matchLabels.app" in [field.field for field in change.fields]


def test_what_takes_the_place_of_something_else_in_a_list_is_one_change(bench, web, fake_api) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "web"}}
    web.wanted = [NAMESPACE, {**service, "spec": {"externalIPs": ["10.0.0.1", "10.0.0.2"]}}]
    assert bench.converge().text == ""
    web.wanted = [NAMESPACE, {**service, "spec": {"externalIPs": ["10.0.0.1", "10.0.0.3"]}}]
    (change,) = bench.operations.plan("web").changes
    assert [(field.field, field.wanted, field.seen) for field in change.fields] == [("spec.externalIPs[1]", "10.0.0.3", "10.0.0.2")]


def test_what_left_the_desired_state_is_pruned(converged, web) -> None:
    web.wanted = [NAMESPACE]
    (change,) = converged.operations.plan("web").changes
    assert (str(change), change.fields) == ("prune ConfigMap web/settings: no longer wanted", ())


def test_of_a_secret_a_plan_tells_only_which_keys_change(bench, web, fake_api) -> None:
    web.wanted = [NAMESPACE, KEYS]
    assert bench.converge().text == ""
    fake_api.edit("Secret", "keys", "web", {"data": {"a.key": "Y2FuYXJ5"}}, manager="somebody")
    (change,) = bench.operations.plan("web").changes
    assert [(field.field, field.secret, field.wanted, field.seen) for field in change.fields] == [
        ('data["a.key"]', "changed", None, None),
        ("data.b", "unchanged", None, None),
    ]
    assert change.fields[0].manager == "somebody"
    assert "Y2FuYXJ5" not in json.dumps(change.as_json()) + str(change)


def test_of_a_generated_secret_that_lacks_a_key_too(bench, web, fake_api) -> None:
    web.generated = [GeneratedSecret("web", "admin", {"password": "password"})]
    assert bench.converge().text == ""
    web.generated = [GeneratedSecret("web", "admin", {"password": "password", "token": "hex32"})]
    (change,) = bench.operations.plan("web").changes
    assert (change.action, change.reason) == ("change", "it lacks token")
    assert [(field.field, field.secret) for field in change.fields] == [("data.password", "unchanged"), ("data.token", "changed")]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("url", "https://me:s3cr3t-canary@x"),
        ("smtp.password", "s3cr3t-canary"),
        ("smtp", {"password": "s3cr3t-canary"}),
        ("list", ["known-canary"]),
    ],
    ids=["in an address", "by its field", "by its key", "by its value"],
)
def test_no_secret_enters_a_plan(field, wanted) -> None:
    REDACTOR.add("known-canary")
    change = of_setting("realm a", [Difference("realm a", field, wanted=wanted, seen=None)])
    assert "canary" not in json.dumps(change.as_json()) + str(change)
    assert "(secret)" in str(change)


def test_a_setting_tells_its_fields_and_what_they_are_about() -> None:
    found = [
        Difference("database a", "owner", wanted="a", seen="b"),
        Difference("role a", "password", wanted="(secret)", seen="(another)"),
    ]
    change = of_setting("database a", found)
    assert (change.action, change.subject) == ("change", "database a")
    assert change.fields == (PlannedField("owner", "a", "b"), PlannedField("role a password", secret="changed"))


def test_what_could_not_be_looked_at_is_neither_absent_nor_different(converged, web) -> None:
    web.settings_wanted = [Bucket(error=Unreachable("MinIO", seen="connection refused"))]
    plan = converged.operations.plan("web")
    assert (plan.changes, plan.unknown) == ((), (Unknown("bucket data", "MinIO: connection refused"),))
    assert plan


def test_a_verify_passes_on_the_cause_and_the_way_back_of_what_could_not_be_looked_at(converged, web) -> None:
    web.settings_wanted = [
        Bucket(error=Refused("the administrator signed in", seen="401", cause="another password", next_command="set it"))
    ]
    (unknown,) = converged.operations.plan("web").unknown
    assert (unknown.cause, unknown.next) == ("another password", "set it")
    text = converged.operations.verify("web").text
    assert "cause:  another password" in text
    assert "next:   set it" in text


def test_objects_that_need_what_is_not_there_are_said_to(bench, web) -> None:
    def later(context):
        raise NotReady("the release's manifests", seen="no archive")

    web.objects = later
    assert bench.operations.plan("web").unknown == (Unknown("its objects", "the release's manifests: no archive"),)


def test_objects_that_carry_the_ca_are_named_before_there_is_one(bench, web) -> None:
    web.objects = lambda context: [{**CONFIG, "data": {"ca.crt": context.ca_pem()}}]
    plan = bench.operations.plan("web")
    assert (said(plan), plan.unknown) == (["create ConfigMap web/settings"], ())


def test_without_a_cluster_everything_is_named_in_the_order_in_which_it_would_be_written(bench, web) -> None:
    bench.lose_the_cluster()
    web.generated = [GeneratedSecret("web", "admin", {"password": "password"})]
    web.settings_wanted = [Bucket(error=NotReady("cluster local running", seen="not running"))]
    plan = bench.operations.plan("web")
    assert said(plan) == ["create Secret web/admin", "create Namespace web", "create ConfigMap web/settings"]
    assert plan.unknown == (Unknown("bucket data", "cluster local running: not running", after="web"),)


def test_what_is_unknown_names_what_has_to_be_there_first(bench, web) -> None:
    web.settings_wanted = [Bucket(error=Unreachable("MinIO", seen="connection refused"))]
    (plan,) = Run(bench.operations, Path("unused")).plans(["web"]).plans
    assert [one.after for one in plan.unknown] == ["web"]


@pytest.mark.parametrize("state", ["nothing is there", "all is as wanted", "much has changed"])
def test_planning_asks_only_for_objects_lists_and_dry_runs(bench, web, fake_api, state) -> None:
    web.generated = [GeneratedSecret("web", "admin", {"password": "password"})]
    web.wanted = [NAMESPACE, CONFIG, KEYS]
    if state != "nothing is there":
        assert bench.converge().text == ""
    if state == "much has changed":
        fake_api.edit("ConfigMap", "settings", "web", {"data": {"colour": "red"}})
        fake_api.edit("Secret", "admin", "web", {"data": {"password": None}})
        web.wanted = [NAMESPACE, CONFIG, DEPLOYMENT]
    web.settings_wanted = [Bucket([Difference("bucket data", "versions", wanted=True, seen=False)])]
    fake_api.forget()
    plans = Run(bench.operations, Path("unused")).plans(["web"])
    assert {what: number for what, number in plans.totals.items() if number} == {
        "nothing is there": {"create": 4, "change": 1},
        "all is as wanted": {"change": 1},
        "much has changed": {"create": 1, "change": 3, "prune": 1},
    }[state]
    verbs = {"dry run" if request.is_dry_run else request.method for request in fake_api.requests}
    assert verbs == ({"GET", "dry run"} if state == "much has changed" else {"GET"})
    assert web.settings_wanted[0].writes == 0


def test_a_setting_that_writes_to_the_cluster_while_it_looks_is_refused(bench, web, fake_api) -> None:
    class Sloppy(Bucket):
        def differences(self) -> Sequence[Difference]:
            self.api().apply(CONFIG)
            return ()

    def settings(context, access):
        sloppy = Sloppy()
        sloppy.api = access.api
        return [sloppy]

    web.settings = settings
    (one,) = bench.operations.plan("web").unknown
    assert "read-only" in one.reason
    assert fake_api.writes == []


def test_plans_made_together_list_each_kind_once(bench, web, fake_api) -> None:
    web.wanted = [NAMESPACE, CONFIG]
    assert bench.converge().text == ""
    fake_api.forget()
    shared = bench.operations.shared()
    for _ in range(3):
        assert not bench.operations.plan("web", shared)
    lists = [request.path for request in fake_api.requests if request.verb == "list"]
    assert sorted(lists) == ["/api/v1/configmaps", "/api/v1/namespaces", "/api/v1/namespaces/thinkube-system/configmaps"]


def test_what_somebody_did_on_purpose_is_said_and_is_no_change(converged, web) -> None:
    web.remarked = [CORDONED]
    plans = Run(converged.operations, Path("unused")).plans(["web"])
    assert (plans.plans[0].remarks, bool(plans)) == ((CORDONED,), False)
    assert not any(plans.totals.values())
    assert not converged.fake_api.writes


def test_what_somebody_did_on_purpose_is_not_known_where_nobody_answers(converged, web) -> None:
    def remarks(access):
        raise Unreachable("list nodes", seen="connection refused")

    web.remarks = remarks
    (unknown,) = converged.operations.plan("web").unknown
    assert str(unknown) == "what somebody did to it on purpose: list nodes: connection refused"


def test_without_a_cluster_nobody_did_anything_to_it(bench, web) -> None:
    bench.lose_the_cluster()
    web.remarked = [CORDONED]
    assert bench.operations.plan("web").remarks == ()


def test_what_cannot_exist_here_is_no_change_and_says_why(bench, web) -> None:
    web.images = ("web",)
    bench.images.missing = {"web": "no registry answers"}
    plan = bench.operations.plan("web")
    assert (bool(plan), plan.unavailable) == (False, "no registry answers")
    assert plan.as_json()["unavailable"] == "no registry answers"
    assert [row.text for row in rows(Plans((plan,)))] == ["unavailable: web: no registry answers", "nothing to do"]
    assert bench.fake_api.requests == []


def test_as_json_a_plan_has_the_shape_that_is_documented(converged, web) -> None:
    web.remarked = [CORDONED]
    web.settings_wanted = [Bucket([Difference("bucket data", "versions", wanted=True, seen=False)])]
    data = Run(converged.operations, Path("unused")).plans(["web"]).as_json("local")
    assert data.pop("seconds") > 0
    assert json.loads(json.dumps(data)) == {
        "version": 1,
        "platform": "local",
        "totals": {"create": 0, "change": 1, "recreate": 0, "prune": 0, "conflict": 0, "unknown": 0},
        "components": [
            {
                "name": "web",
                "changes": [
                    {
                        "action": "change",
                        "kind": "setting",
                        "apiVersion": "",
                        "namespace": "",
                        "name": "bucket data",
                        "reason": "",
                        "fields": [{"field": "versions", "wanted": True, "seen": False, "manager": "", "time": "", "secret": None}],
                    }
                ],
                "unknown": [],
                "remarks": [{"subject": "Node a", "text": "is cordoned", "next": "kubectl uncordon a"}],
                "unavailable": "",
            }
        ],
    }


def test_the_example_in_the_reference_has_that_shape_too() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/reference/plan.md").read_text()
    example = json.loads(text.partition("```json\n")[2].partition("```")[0])
    made = Plans((Plan("web", (of_setting("a", [Difference("a", "b", 1, 2)]),), (Unknown("c", "d"),)),)).as_json("local")
    assert (list(example), example["totals"].keys()) == (list(made), made["totals"].keys())
    assert [one.keys() for one in example["components"]] == [made["components"][0].keys()] * len(example["components"])
    for component in example["components"]:
        assert list(component) == list(made["components"][0])
        for kind in ("changes", "unknown"):
            assert all(list(one) == list(made["components"][0][kind][0]) for one in component[kind])
        fields = [field for change in component["changes"] for field in change["fields"]]
        assert all(list(field) == list(made["components"][0]["changes"][0]["fields"][0]) for field in fields)
