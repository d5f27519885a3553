"""A component is as healthy as the worst of what its probes say."""

import pytest

from converge.images.recipes.dashboard.dashboard.catalogue import Component, Probe
from converge.images.recipes.dashboard.dashboard.health import Seen, State, judge
from converge.images.recipes.dashboard.dashboard.quantities import ago, moment, number
from tests.dashboard.fake_cluster import node, workload


@pytest.mark.parametrize(
    ("versions", "shown"),
    [({}, ""), ({"web": "1.2"}, "1.2"), ({"web-server": "1.2", "proxy": "7"}, "1.2"), ({"proxy": "7"}, "proxy 7")],
    ids=["none", "own", "first", "another's"],
)
def test_a_version_is_told_with_whose_it_is(versions, shown):
    assert Component("web", "web", "", "web", "", versions, (), ()).version == shown


def component(*probes, name="web"):
    return Component(name, name, "", name, f"applyset-{name}", {}, (), [Probe(*probe) for probe in probes])


CONVERGED = {"web": {"result": "converged"}}


@pytest.mark.parametrize(
    ("items", "record", "state", "text"),
    [
        pytest.param([workload("web")], CONVERGED, "healthy", "1 of 1 pod ready", id="ready"),
        pytest.param([workload("web", ready=0)], CONVERGED, "not healthy", "Deployment web: 0 of 1 pod ready", id="no pod"),
        pytest.param([workload("web", ready=1, wanted=2)], CONVERGED, "not healthy", "Deployment web: 1 of 2 pods ready", id="one lost"),
        pytest.param([workload("web", ready=0, wanted=0)], CONVERGED, "not healthy", "Deployment web: scaled to no pods", id="scaled"),
        pytest.param([], CONVERGED, "not healthy", "its workloads are gone", id="gone"),
        pytest.param([], {}, "not installed", "not installed", id="never there"),
        pytest.param([], {"web": {"result": "rolled back"}}, "not installed", "not installed", id="taken back"),
        pytest.param([workload("other")], CONVERGED, "not healthy", "its workloads are gone", id="another's"),
        pytest.param(
            [workload("web"), workload("more", part_of="web", ready=0)],
            CONVERGED,
            "not healthy",
            "Deployment more: 0 of 1 pod ready",
            id="two",
        ),
    ],
)
def test_workloads(items, record, state, text):
    found = judge(component(("workloads",)), Seen(workloads=items, converged=record))
    assert (found.state.value, found.text) == (state, text)


def test_a_change_that_no_controller_has_seen_is_not_ready():
    item = workload("web")
    item["metadata"]["generation"] = 3
    assert judge(component(("workloads",)), Seen(workloads=[item])).state is State.AILING


@pytest.mark.parametrize(("wanted", "ready", "state"), [(2, 2, State.HEALTHY), (2, 1, State.AILING), (0, 0, State.HEALTHY)])
def test_a_daemon_set_wants_as_many_as_there_are_nodes_for_it(wanted, ready, state):
    item = workload("web", kind="DaemonSet") | {
        "spec": {},
        "status": {"desiredNumberScheduled": wanted, "numberReady": ready, "observedGeneration": 2},
    }
    assert judge(component(("workloads",)), Seen(workloads=[item])).state is state


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        pytest.param([], State.HEALTHY, id="not yet"),
        pytest.param([("Complete", "2026-11-23T02:00:00Z")], State.HEALTHY, id="succeeded"),
        pytest.param([("Complete", "2026-11-23T02:00:00Z"), ("Failed", "2026-11-24T02:00:00Z")], State.AILING, id="failed lately"),
        pytest.param([("Failed", "2026-11-23T02:00:00Z"), ("Complete", "2026-11-24T02:00:00Z")], State.HEALTHY, id="failed before"),
    ],
)
def test_jobs_are_judged_by_the_last_that_ended(conditions, state):
    cron = {"metadata": {"name": "backup", "namespace": "web", "labels": {"applyset.kubernetes.io/part-of": "applyset-web"}}}
    jobs = [
        {
            "metadata": {"name": f"backup-{at}", "namespace": "web", "ownerReferences": [{"name": "backup"}]},
            "status": {"conditions": [{"type": kind, "status": "True", "lastTransitionTime": at}]},
        }
        for kind, at in conditions
    ]
    assert judge(component(("jobs",)), Seen(cron_jobs=[cron], jobs=jobs)).state is state


def test_nodes_by_their_role():
    broken = node("worker-2", "10.0.0.4", "worker")
    broken["status"]["conditions"] = [{"type": "Ready", "status": "Unknown"}]
    seen = Seen(nodes=[node("control", "10.0.0.2", "control"), node("worker-1", "10.0.0.3", "worker"), broken])
    assert judge(component(("nodes", "control")), seen).text == "1 of 1 node ready"
    assert judge(component(("nodes", "worker")), seen).text == "not ready: worker-2"


def test_the_worst_is_told_and_why():
    url = "https://web.thinkube.test/"
    probes = component(("workloads",), ("page", url))
    seen = Seen(workloads=[workload("web", ready=0)], answers={url: "web.thinkube.test answers 503"}, converged=CONVERGED)
    assert judge(probes, seen).text == "Deployment web: 0 of 1 pod ready; web.thinkube.test answers 503"
    well = Seen(workloads=[workload("web")], answers={url: ""})
    assert (judge(probes, well).state, judge(probes, well).text) == (State.HEALTHY, "1 of 1 pod ready")
    assert judge(probes, Seen(workloads=[workload("web")])).state is State.UNKNOWN
    assert judge(probes, Seen(answers={url: "web.thinkube.test answers 404"})).state is State.ABSENT


def test_what_has_a_route_was_there_also_before_a_run_has_written_down_that_it_converged():
    url = "https://web.thinkube.test/"
    found = judge(component(("workloads",), ("page", url)), Seen(answers={url: "web.thinkube.test answers 503"}))
    assert (found.state, found.text) == (State.AILING, "its workloads are gone; web.thinkube.test answers 503")


def test_what_could_not_be_looked_at_is_unknown():
    assert judge(component(("workloads",)), Seen(trouble="403 for /apis")).state is State.UNKNOWN
    assert judge(component(), Seen()).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("quantity", "value"),
    [("153m", 0.153), ("912Mi", 956301312), ("2", 2), ("1500000n", 0.0015), ("16331752Ki", 16331752 * 1024), ("1G", 1e9)],
)
def test_quantities_are_numbers(quantity, value):
    assert number(quantity) == pytest.approx(value)


def test_how_long_ago_is_said_in_one_unit():
    now = moment("2026-11-23T12:00:00Z")
    stamps = ("2026-11-23T11:59:30Z", "2026-11-23T11:20:00Z", "2026-11-22T12:00:00Z", "2026-11-13T12:00:00Z")
    assert [ago(moment(one), now) for one in stamps] == ["just now", "40 min ago", "24 h ago", "10 days ago"]
