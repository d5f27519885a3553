"""The summary at the end of a run: what people did on purpose is said although everything converged."""

from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result
from converge.reporting.summary import summary

REMARK = "Node one-worker-1 is cordoned: it takes no new pods; kubectl uncordon one-worker-1"


def sections(*outcomes):
    graph = Graph({outcome.component: () for outcome in outcomes})
    return dict(summary(graph, {outcome.component: outcome for outcome in outcomes}, ()))


def test_what_was_left_as_it_is_has_a_section_of_its_own():
    found = sections(Outcome("worker-nodes", Result.CONVERGED, remarks=(REMARK,)), Outcome("dns", Result.CONVERGED))
    assert list(found) == ["converged", "left as it is"]
    assert "worker-nodes    0.0 s  nothing written" in found["converged"]
    assert found["left as it is"] == REMARK


def test_without_remarks_there_is_no_such_section():
    assert list(sections(Outcome("dns", Result.CONVERGED))) == ["converged"]


def test_remarks_travel_between_processes():
    outcome = Outcome("worker-nodes", Result.CONVERGED, remarks=(REMARK,))
    assert Outcome.from_json(outcome.as_json()) == outcome
    old = {key: value for key, value in outcome.as_json().items() if key != "remarks"}
    assert Outcome.from_json(old).remarks == ()


def test_a_reason_that_several_share_is_said_once():
    reason = "no registry answers"
    found = sections(Outcome("harbor", Result.UNAVAILABLE, text=reason), Outcome("wiki", Result.UNAVAILABLE, text=reason))
    assert found == {"unavailable": "harbor\nwiki\n    no registry answers"}
