"""Equivalent spellings never differ, a changed leaf always does: by property, against a server that keeps ownership."""

import copy
from typing import Any

import pytest
from fake_store import Store
from hypothesis import given, settings
from hypothesis import strategies as st

from converge.kubernetes.desired import desired
from converge.kubernetes.difference import described, mismatches
from converge.kubernetes.equality import quantity, same
from converge.kubernetes.fields import find_item, finder, spelled
from converge.kubernetes.objects import Ref

NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta", "omega"])
TEXT = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=6)
SCALARS = st.one_of(TEXT.filter(bool), st.integers(1, 9), st.booleans().filter(bool), st.sampled_from([1.5, 2.5]))
EXAMPLES = settings(max_examples=25)
TREES = st.recursive(SCALARS, lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(NAMES, below, max_size=3)), max_leaves=8)
MEMORY = st.sampled_from(["1024Mi", "1Gi", "0.5Gi"])


@st.composite
def containers(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=2, unique=True)):
        container: dict[str, Any] = {"name": name, "image": draw(TEXT.filter(bool))}
        container["env"] = [{"name": key, "value": draw(TEXT.filter(bool))} for key in draw(st.lists(NAMES, max_size=3, unique=True))]
        container["ports"] = [{"containerPort": port} for port in draw(st.lists(st.integers(1, 5), max_size=2, unique=True))]
        container["args"] = draw(st.lists(TEXT.filter(bool), max_size=3))
        container["resources"] = {"limits": {"cpu": draw(st.sampled_from(["1000m", "2.0", "0.5", "1", 1])), "memory": draw(MEMORY)}}
        found.append(container)
    return found


@st.composite
def deployments(draw: st.DrawFn) -> dict[str, Any]:
    labels = draw(st.dictionaries(NAMES, TEXT.filter(bool), min_size=1, max_size=2))
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "one",
            "namespace": "default",
            "labels": labels,
            "annotations": draw(st.dictionaries(NAMES, TEXT, max_size=2)),
        },
        "spec": {
            "replicas": draw(st.sampled_from([1, 2, 3.0])),
            "selector": {"matchLabels": labels},
            "template": {"spec": {"containers": draw(containers()), "volumes": [{"name": "tmp", "emptyDir": {}}]}},
            "extra": draw(TREES),
        },
    }


def applied(wanted: dict[str, Any]) -> dict[str, Any]:
    """As the server holds it after our apply."""
    return Store().apply("apps/v1/deployments", "default", wanted, "thinkube", force=False, dry_run=False)


def normal(obj: dict[str, Any]) -> dict[str, Any]:
    return desired(obj, owner="web", part_of="set", namespaced=True).against(None)


def leaf_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for key, below in value.items() for found in leaf_paths(below, (*path, key))]
    if isinstance(value, list):
        return [found for index, below in enumerate(value) for found in leaf_paths(below, (*path, index))]
    return [path]


def put(obj: Any, path: tuple[Any, ...], value: Any) -> None:
    for part in path[:-1]:
        obj = obj[part]
    obj[path[-1]] = value


def at(obj: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        obj = obj[part]
    return obj


@EXAMPLES
@given(deployments())
def test_what_was_applied_does_not_differ(obj):
    wanted = normal(obj)
    assert mismatches(wanted, applied(wanted)) == []


@EXAMPLES
@given(deployments(), st.data())
def test_empties_and_nulls_make_no_difference(obj, data):
    live = applied(normal(obj))
    spelled_otherwise = copy.deepcopy(obj)
    for name in data.draw(st.lists(NAMES, max_size=2)):
        spelled_otherwise["spec"].setdefault(f"no-{name}", data.draw(st.sampled_from([None, [], {}])))
    spelled_otherwise["spec"]["template"]["spec"]["containers"][0]["envFrom"] = []
    assert mismatches(normal(spelled_otherwise), live) == []


@EXAMPLES
@given(deployments())
def test_other_spellings_of_quantities_and_numbers_make_no_difference(obj):
    live = applied(normal(obj))
    other = copy.deepcopy(obj)
    other["spec"]["replicas"] = float(other["spec"]["replicas"])
    for container in other["spec"]["template"]["spec"]["containers"]:
        limits = container["resources"]["limits"]
        for key, value in limits.items():
            limits[key] = str(int(quantity(value) * 1000)) + "m"
        for port in container["ports"]:
            port["protocol"] = "TCP"
    assert mismatches(normal(other), live) == []


@EXAMPLES
@given(deployments(), st.data())
def test_a_changed_leaf_of_what_is_wanted_always_differs(obj, data):
    live = applied(normal(obj))
    path = data.draw(st.sampled_from([path for path in leaf_paths(obj) if path[0] == "spec" or path[:2] == ("metadata", "labels")]))
    other = copy.deepcopy(obj)
    old = at(other, path)
    put(other, path, f"changed-{old}" if isinstance(old, str) else (old + 7 if not isinstance(old, bool) else not old))
    if isinstance(old, str) and "limits" in path:
        put(other, path, "7777")
    assert mismatches(normal(other), live) != []


@EXAMPLES
@given(deployments(), st.data())
def test_a_leaf_that_another_manager_changed_always_differs(obj, data):
    store = Store()
    wanted = normal(obj)
    live = store.apply("apps/v1/deployments", "default", wanted, "thinkube", force=False, dry_run=False)
    edited = copy.deepcopy(live)
    path = data.draw(st.sampled_from([path for path in leaf_paths(obj["spec"]) if "limits" not in path]))
    old = at(edited["spec"], path)
    put(edited["spec"], path, f"edited-{old}" if isinstance(old, str) else (old + 7 if not isinstance(old, bool) else not old))
    after = store.update("apps/v1/deployments", "default", edited, "kubectl-edit")
    found = mismatches(wanted, after)
    assert found != []
    assert {one.manager for one in described(Ref.of(wanted), after, found)} <= {"kubectl-edit", ""}


@EXAMPLES
@given(deployments(), NAMES, TEXT.filter(bool))
def test_what_others_add_makes_no_difference(obj, name, text):
    store = Store()
    wanted = normal(obj)
    edited = copy.deepcopy(store.apply("apps/v1/deployments", "default", wanted, "thinkube", force=False, dry_run=False))
    edited["metadata"]["annotations"][f"other/{name}"] = text
    edited["spec"][f"webhook-{name}"] = text
    edited["spec"]["template"]["spec"]["containers"].append({"name": f"sidecar-{name}", "image": text})
    after = store.update("apps/v1/deployments", "default", edited, "injector")
    assert mismatches(wanted, after) == []


@EXAMPLES
@given(deployments(), st.data())
def test_a_field_that_is_no_longer_wanted_differs(obj, data):
    live = applied(normal(obj))
    other = copy.deepcopy(obj)
    removed = data.draw(st.sampled_from(["replicas", "template"]))
    del other["spec"][removed]
    assert [mismatch.path[:2] for mismatch in mismatches(normal(other), live)][:1] == [("spec", removed)]


@EXAMPLES
@given(deployments())
def test_a_new_resource_version_is_no_evidence(obj):
    wanted = normal(obj)
    live = applied(wanted)
    live["metadata"] |= {"resourceVersion": "999999", "generation": 99, "uid": "other"}
    assert mismatches(wanted, live) == []


@pytest.mark.parametrize(
    ("path", "wanted", "seen", "expected"),
    [
        pytest.param(("resources", "limits", "cpu"), "1000m", "1", True, id="quantity"),
        pytest.param(("resources", "limits", "cpu"), 0.1, "100m", True, id="quantity-as-number"),
        pytest.param(("resources", "limits", "memory"), "1Gi", "1G", False, id="binary-is-not-decimal"),
        pytest.param(("emptyDir", "sizeLimit"), "1024Mi", "1Gi", True, id="size-limit"),
        pytest.param(("data", "cpu"), "1000m", "1", False, id="text-is-no-quantity"),
        pytest.param(("env", '[name="A"]', "value"), "1000m", "1", False, id="env-is-no-quantity"),
        pytest.param(("spec", "replicas"), 1.0, 1, True, id="float-and-int"),
        pytest.param(("spec", "paused"), True, 1, False, id="true-is-not-one"),
        pytest.param(("spec", "port"), 80, "80", False, id="int-or-string-keeps-its-type"),
        pytest.param(("spec", "notAfter"), "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True, id="same-instant"),
        pytest.param(("data", "when"), "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", False, id="text-is-no-instant"),
        pytest.param(("spec", "list"), [], None, True, id="empty-list-and-absent"),
        pytest.param(("spec", "map"), {}, None, True, id="empty-map-and-absent"),
        pytest.param(("volumes", "emptyDir"), {}, None, False, id="emptyDir-is-a-choice"),
    ],
)
def test_same(path, wanted, seen, expected):
    assert same(path, wanted, seen) is expected


@given(st.integers(0, 10**6), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi"]))
def test_a_quantity_equals_itself_in_thousandths(number, suffix):
    value = quantity(f"{number}{suffix}")
    assert value is not None
    assert quantity(f"{int(value * 1000)}m") == value


@given(st.text(max_size=10))
def test_no_text_breaks_the_reading_of_quantities(text):
    quantity(text)


def test_a_secret_is_never_shown():
    live = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}, "data": {"password": "b2xk"}}
    wanted = normal({**live, "data": {}, "stringData": {"password": "hunter2"}})
    found = described(Ref.of(live), live, mismatches(wanted, live))
    assert found
    assert "hunter2" not in str([str(one) for one in found])
    assert "b2xk" not in str([str(one) for one in found])


def test_string_data_is_what_the_server_makes_of_it():
    wanted = normal({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}})
    assert wanted["data"] == {"a": "Yg=="}
    assert "stringData" not in wanted


KEYS = st.sampled_from(["port", "protocol"])
KEY_VALUES = st.sampled_from([80, 80.0, 443, "TCP", "UDP", None])


@given(
    st.lists(st.dictionaries(KEYS, KEY_VALUES | st.just([80])) | st.sampled_from(["text", None]), max_size=5),
    st.lists(KEYS, min_size=1, unique=True),
    st.lists(st.dictionaries(KEYS, KEY_VALUES), max_size=3),
)
def test_looking_for_many_items_finds_what_looking_for_each_does(items, names, keys):
    find = finder(items, names)
    assert [find(key) for key in keys] == [find_item(items, key) for key in keys]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(("spec", "replicas"), "spec.replicas", id="plain"),
        pytest.param(("spec", "containers", '[name="web"]', "image"), 'spec.containers[name="web"].image', id="item"),
        pytest.param(("metadata", "labels", "app.kubernetes.io/name"), 'metadata.labels["app.kubernetes.io/name"]', id="dots"),
    ],
)
def test_a_field_is_spelled_as_people_know_it(path, text):
    assert spelled(path) == text
