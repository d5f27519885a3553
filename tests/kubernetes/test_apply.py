"""Changes are found by reading, confirmed by dry runs, and written in order; what is not ours is never touched."""

import contextlib
import json

import pytest

from converge.errors import Refused
from converge.kubernetes.apply import Action, Stage, apply_changes, changes, refuse_conflicts
from converge.kubernetes.applyset import Seen, parent_name, set_id
from converge.kubernetes.difference import Difference
from converge.kubernetes.objects import SYSTEM_NAMESPACE
from converge.kubernetes.retention import GENERATED

WIDGETS = {
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
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
WIDGET = {"apiVersion": "example.test/v1", "kind": "Widget", "metadata": {"name": "one", "namespace": "web"}, "spec": {"size": 1}}


def config_map(name="one", namespace="web", annotations=None, **data):
    metadata = {"name": name, "namespace": namespace, **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def deployment(image="x:1", annotations=None, **spec):
    containers = [{"name": "web", "image": image, "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1000m"}}}]
    metadata = {"name": "web", "namespace": "web", **({"annotations": annotations} if annotations else {})}
    body = {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {**body, **spec}}


EVERYTHING = [WIDGET, deployment(replicas=1), config_map(a="1"), WIDGETS, NAMESPACE]


@pytest.fixture
def api(fake_api):
    return fake_api.client()


@pytest.fixture
def converged(fake_api, api):
    apply_changes(api, "web", changes(api, "web", EVERYTHING))
    fake_api.forget()
    return api


def actions(found):
    return [(str(change.action), str(change.ref)) for change in found]


def test_everything_is_created_in_the_order_in_which_it_is_needed(fake_api, api):
    apply_changes(api, "web", changes(api, "web", EVERYTHING))
    written = [request.path.rpartition("/")[2] for request in fake_api.writes]
    assert written == [SYSTEM_NAMESPACE, "applyset-web", "web", "widgets.example.test", "one", "web", "one"]
    assert [request.path.split("/")[-2] for request in fake_api.writes[-3:]] == ["configmaps", "deployments", "widgets"]


def test_a_second_converge_costs_one_list_a_kind_and_nothing_else(fake_api, converged):
    assert changes(converged, "web", EVERYTHING) == []
    assert {request.verb for request in fake_api.requests} == {"get", "list"}
    assert len(fake_api.of("list")) == 5
    assert [request.path for request in fake_api.of("get")] == [f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/configmaps/applyset-web"]


def test_many_components_share_one_list_a_kind(fake_api, converged):
    other = [config_map("two", b="2")]
    apply_changes(converged, "other", changes(converged, "other", other))
    fake_api.forget()
    seen = Seen(converged)
    assert changes(converged, "web", EVERYTHING, seen=seen) == changes(converged, "other", other, seen=seen) == []
    paths = [request.path for request in fake_api.requests]
    assert len(paths) == len(set(paths)) == 6


def test_finding_changes_writes_nothing(fake_api, converged):
    fake_api.edit("ConfigMap", "one", "web", {"data": {"a": "2"}})
    assert changes(converged.view(read_only=True), "web", EVERYTHING)
    assert fake_api.writes == []
    assert len(fake_api.dry_runs) == 1


def with_duration(text):
    return [{**WIDGET, "spec": {"size": 1, "duration": text}} if obj is WIDGET else obj for obj in EVERYTHING]


def test_a_difference_that_the_server_does_not_confirm_is_none(fake_api, converged):
    apply_changes(converged, "web", changes(converged, "web", with_duration("1m0s")))
    fake_api.forget()
    assert changes(converged, "web", with_duration("60s")) == []
    assert len(fake_api.dry_runs) == 1
    assert fake_api.writes == []


def test_the_servers_own_spelling_of_what_was_applied_costs_no_dry_run(fake_api, converged):
    apply_changes(converged, "web", changes(converged, "web", with_duration("60s")))
    fake_api.forget()
    assert changes(converged, "web", with_duration("60s")) == []
    assert fake_api.dry_runs == []


def test_an_edit_by_hand_is_named_and_repaired(fake_api, converged):
    fake_api.edit("ConfigMap", "one", "web", {"data": {"a": "edited"}}, manager="kubectl-edit")
    [change] = changes(converged, "web", EVERYTHING)
    [difference] = change.differences
    assert (change.action, difference.field, difference.wanted, difference.seen) == (Action.CHANGE, "data.a", "1", "edited")
    assert (difference.manager, bool(difference.time)) == ("kubectl-edit", True)
    apply_changes(converged, "web", [change])
    assert fake_api.find("ConfigMap", "one", "web")["data"] == {"a": "1"}
    assert changes(converged, "web", EVERYTHING) == []


def test_what_others_add_stays(fake_api, converged):
    fake_api.edit("ConfigMap", "one", "web", {"data": {"b": "theirs"}}, manager="other-controller")
    assert changes(converged, "web", EVERYTHING) == []
    apply_changes(converged, "web", changes(converged, "web", [*EVERYTHING[:2], config_map(a="new"), *EVERYTHING[3:]]))
    assert fake_api.find("ConfigMap", "one", "web")["data"] == {"a": "new", "b": "theirs"}


def test_a_field_of_another_controller_is_a_conflict_with_both_values(fake_api, converged):
    fake_api.edit("Deployment", "web", "web", {"spec": {"replicas": 5}}, manager="kube-controller-manager", subresource="scale")
    found = changes(converged, "web", EVERYTHING)
    assert actions(found) == [("conflict", "Deployment web/web")]
    [difference] = found[0].differences
    assert (difference.field, difference.wanted, difference.seen, difference.manager) == ("spec.replicas", 1, 5, "kube-controller-manager")
    with pytest.raises(Refused, match=r"kube-controller-manager.*spec\.replicas"):
        apply_changes(converged, "web", found)
    assert fake_api.writes == []


def test_another_apply_is_a_conflict(fake_api, converged):
    fake_api.apply_as("argo", {**config_map(a="argo's")}, force=True)
    assert actions(changes(converged, "web", EVERYTHING)) == [("conflict", "ConfigMap web/one")]


def test_a_field_that_the_component_claims_is_forced(fake_api, converged):
    fake_api.apply_as("argo", {**config_map(a="argo's")}, force=True)
    objects = [config_map(a="1", annotations={"thinkube.dev/force": "data.a"}) if obj["kind"] == "ConfigMap" else obj for obj in EVERYTHING]
    found = changes(converged, "web", objects)
    assert actions(found) == [("change", "ConfigMap web/one")]
    apply_changes(converged, "web", found)
    assert fake_api.find("ConfigMap", "one", "web")["data"] == {"a": "1"}
    assert "thinkube.dev/force" not in json.dumps(fake_api.find("ConfigMap", "one", "web"))


def test_a_released_field_belongs_to_others_after_creation(fake_api, api):
    objects = [NAMESPACE, deployment(annotations={"thinkube.dev/released": "spec.replicas"}, replicas=2)]
    apply_changes(api, "web", changes(api, "web", objects))
    assert fake_api.find("Deployment", "web", "web")["spec"]["replicas"] == 2
    fake_api.edit("Deployment", "web", "web", {"spec": {"replicas": 7}}, manager="kube-controller-manager", subresource="scale")
    assert changes(api, "web", objects) == []
    objects[1]["spec"]["template"]["spec"]["containers"][0]["image"] = "x:2"
    apply_changes(api, "web", changes(api, "web", objects))
    assert fake_api.find("Deployment", "web", "web")["spec"]["replicas"] == 7


def test_an_object_that_somebody_else_made_is_never_adopted(fake_api, api):
    fake_api.put(NAMESPACE, manager="kubectl-create")
    fake_api.put(config_map(a="1"), manager="helm")
    found = changes(api, "web", [config_map(a="1"), NAMESPACE])
    assert actions(found) == [("conflict", "Namespace web"), ("conflict", "ConfigMap web/one")]
    assert "was made by helm" in found[1].reason
    with pytest.raises(Refused, match="helm"):
        refuse_conflicts(found)


def test_an_object_of_another_component_is_a_conflict_that_names_it(fake_api, converged):
    [change] = changes(converged, "other", [config_map(a="1")])
    assert change.action is Action.CONFLICT
    assert "belongs to component web" in change.reason


def test_a_shared_object_gets_our_fields_and_no_label(fake_api, api):
    fake_api.put(config_map("coredns", "kube-system", Corefile="old", other="theirs"), manager="kubeadm")
    objects = [config_map("coredns", "kube-system", annotations={"thinkube.dev/shared": "true"}, Corefile="new")]
    apply_changes(api, "dns", changes(api, "dns", objects))
    live = fake_api.find("ConfigMap", "coredns", "kube-system")
    assert live["data"] == {"Corefile": "new", "other": "theirs"}
    assert not live["metadata"].get("labels")
    assert changes(api, "dns", objects) == []
    assert changes(api, "dns", []) == []


def test_a_label_taken_off_by_hand_is_put_back(fake_api, converged):
    fake_api.edit("ConfigMap", "one", "web", {"metadata": {"labels": {"applyset.kubernetes.io/part-of": None}}})
    found = changes(converged, "web", EVERYTHING)
    assert actions(found) == [("change", "ConfigMap web/one")]


def test_what_is_no_longer_wanted_is_pruned_and_nothing_else(fake_api, converged):
    fake_api.put(config_map("theirs"))
    apply_changes(converged, "other", changes(converged, "other", [config_map("others")]))
    left = [obj for obj in EVERYTHING if obj["kind"] != "ConfigMap"]
    found = changes(converged, "web", left)
    assert actions(found) == [("prune", "ConfigMap web/one")]
    apply_changes(converged, "web", found)
    assert fake_api.find("ConfigMap", "one", "web") is None
    assert fake_api.find("ConfigMap", "theirs", "web")
    assert fake_api.find("ConfigMap", "others", "web")
    assert changes(converged, "web", left) == []


def test_the_parent_names_kinds_and_namespaces_as_kubectl_wants_them(fake_api, converged):
    parent = fake_api.find("ConfigMap", parent_name("web"), SYSTEM_NAMESPACE)
    notes = parent["metadata"]["annotations"]
    assert parent["metadata"]["labels"]["applyset.kubernetes.io/id"] == set_id("web")
    assert notes["applyset.kubernetes.io/contains-group-kinds"] == (
        "ConfigMap,CustomResourceDefinition.apiextensions.k8s.io,Deployment.apps,Namespace,Widget.example.test"
    )
    assert notes["applyset.kubernetes.io/additional-namespaces"] == "web"
    assert notes["applyset.kubernetes.io/tooling"].startswith("thinkube/")


def test_a_rollback_removes_everything_backwards_and_its_parent(fake_api, converged):
    found = changes(converged, "web", [])
    apply_changes(converged, "web", found)
    kinds = [request.path.split("/")[-2] for request in fake_api.of("delete")]
    assert kinds == ["widgets", "deployments", "configmaps", "customresourcedefinitions", "namespaces", "configmaps"]
    assert fake_api.find("ConfigMap", parent_name("web"), SYSTEM_NAMESPACE) is None
    assert changes(converged, "web", []) == []


def claim(name="data"):
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "web"},
        "spec": {"storageClassName": "x"},
    }


def generated():
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "pw", "namespace": "web", "labels": {GENERATED: "true", "thinkube.dev/component": "web"}},
    }


@pytest.mark.parametrize(
    ("held", "named"),
    [
        pytest.param(claim("theirs"), "PersistentVolumeClaim web/theirs", id="a-volume"),
        pytest.param(generated(), "Secret web/pw", id="a-generated-secret"),
        pytest.param(config_map("theirs", a="1"), "ConfigMap web/theirs", id="anything-that-is-not-ours"),
    ],
)
def test_a_namespace_that_holds_more_than_ours_is_kept(fake_api, converged, held, named):
    fake_api.put(held)
    found = {str(change.ref): change for change in changes(converged, "web", [])}
    assert found["Namespace web"].action is Action.KEEP
    assert named in found["Namespace web"].reason
    assert not found["Namespace web"].is_write


def test_a_volume_is_kept_and_given_up_only_by_purge(fake_api, api):
    objects = [NAMESPACE, claim()]
    apply_changes(api, "web", changes(api, "web", objects))
    kept = changes(api, "web", [])
    assert actions(kept) == [("keep", "PersistentVolumeClaim web/data"), ("keep", "Namespace web")]
    assert apply_changes(api, "web", kept) == []
    assert actions(changes(api, "web", objects)) == []
    purged = changes(api, "web", [], purge=True)
    assert actions(purged) == [("prune", "PersistentVolumeClaim web/data"), ("prune", "Namespace web")]


def test_a_purge_never_takes_what_somebody_else_made(fake_api, converged):
    fake_api.put(config_map("theirs", a="1"))
    found = {str(change.ref): change.action for change in changes(converged, "web", [], purge=True)}
    assert found["Namespace web"] is Action.KEEP


def test_a_definition_with_instances_of_others_is_kept(fake_api, converged):
    fake_api.put({**WIDGET, "metadata": {"name": "theirs", "namespace": "web"}})
    found = {str(change.ref): change for change in changes(converged, "web", [NAMESPACE])}
    assert found["CustomResourceDefinition widgets.example.test"].action is Action.KEEP
    assert "Widget web/theirs" in found["CustomResourceDefinition widgets.example.test"].reason


def test_a_pruned_object_that_was_replaced_meanwhile_is_left_alone(fake_api, converged):
    found = changes(converged, "web", [obj for obj in EVERYTHING if obj["kind"] != "ConfigMap"])
    fake_api.store.delete("v1/configmaps", "web", "one")
    fake_api.put(config_map(mine="no"))
    apply_changes(converged, "web", found)
    assert fake_api.find("ConfigMap", "one", "web")["data"] == {"mine": "no"}


def test_an_immutable_change_is_a_recreate_where_no_data_is_at_stake(fake_api, converged):
    fake_api.store.immutable.add(("apps/v1/deployments", "selector"))
    new = deployment(replicas=1)
    new["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    objects = [new if obj["kind"] == "Deployment" else obj for obj in EVERYTHING]
    uid = fake_api.find("Deployment", "web", "web")["metadata"]["uid"]
    [change] = changes(converged, "web", objects)
    assert (change.action, change.reason) == (Action.RECREATE, "spec.selector cannot change in place")
    apply_changes(converged, "web", [change])
    assert fake_api.find("Deployment", "web", "web")["metadata"]["uid"] != uid
    assert changes(converged, "web", objects) == []


def test_an_immutable_change_stops_where_data_is_at_stake(fake_api, api):
    fake_api.store.immutable.add(("v1/persistentvolumeclaims", "storageClassName"))
    apply_changes(api, "web", changes(api, "web", [NAMESPACE, claim()]))
    other = claim()
    other["spec"]["storageClassName"] = "y"
    [change] = changes(api, "web", [NAMESPACE, other])
    assert change.action is Action.CONFLICT
    assert "not recreated: data may be at stake" in change.reason


def test_a_fault_in_an_object_is_refused_by_the_server_word_for_word(fake_api, converged):
    fake_api.fail("apply", 422, message="spec.replicas: Invalid value: -1")
    with pytest.raises(Refused, match="Invalid value: -1"):
        changes(converged, "web", [deployment(replicas=-1) if obj["kind"] == "Deployment" else obj for obj in EVERYTHING])


def test_an_object_named_twice_is_refused(api):
    with pytest.raises(Refused, match="ConfigMap web/one more than once"):
        changes(api, "web", [config_map(), config_map()])


def test_a_webhook_that_is_not_up_yet_is_waited_for(fake_api, api):
    found = changes(api, "web", EVERYTHING)
    fake_api.fail("apply", 500, path="/widgets/", times=2, message='failed calling webhook "widgets": connection refused')
    apply_changes(api, "web", found)
    assert fake_api.find("Widget", "one", "web")


def test_stages_can_be_written_one_by_one(fake_api, api):
    found = changes(api, "web", EVERYTHING)
    assert actions(apply_changes(api, "web", found, stages=[Stage.FOUNDATION])) == [
        ("create", "Namespace web"),
        ("create", "CustomResourceDefinition widgets.example.test"),
    ]
    rest = apply_changes(api, "web", found, stages=[Stage.CONFIGURATION, Stage.WORKLOADS, Stage.INSTANCES])
    assert [str(change.ref) for change in rest] == ["ConfigMap web/one", "Deployment web/web", "Widget web/one"]
    assert changes(api, "web", EVERYTHING) == []


def test_a_change_tells_everything_but_secrets(fake_api, api):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}, "stringData": {"pw": "hunter2"}}
    [change] = changes(api, "web", [secret])
    told = repr(change) + str(change)
    assert "aHVudGVyMg==" not in told
    assert "hunter2" not in told
    apply_changes(api, "web", [change])
    secret["stringData"]["pw"] = "correct horse"
    [change] = changes(api, "web", [secret])
    assert change.differences == (Difference("Secret default/s", "data.pw", wanted="(secret)", seen="(secret)"),)


@pytest.mark.parametrize("killed_after", range(1, 8))
def test_killed_after_any_write_the_next_run_ends_in_the_same_state(fake_api, api, killed_after):
    class Killed(BaseException):
        pass

    left = killed_after

    def count(request, code, seconds):
        nonlocal left
        left -= request.is_write
        if request.is_write and left < 0:
            raise Killed

    dying = fake_api.client(observe=count)
    with contextlib.suppress(Killed):
        apply_changes(dying, "web", changes(dying, "web", EVERYTHING))
    apply_changes(api, "web", changes(api, "web", EVERYTHING))
    assert changes(api, "web", EVERYTHING) == []
    assert {str(change.ref) for change in changes(api, "web", [])} == {
        "Namespace web",
        "CustomResourceDefinition widgets.example.test",
        "ConfigMap web/one",
        "Deployment web/web",
        "Widget web/one",
    }
