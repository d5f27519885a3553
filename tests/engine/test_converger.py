"""Running the graph in the background."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from hanging import HANG_S
from hypothesis import given, settings
from hypothesis import strategies as st

from converge.engine.converger import Converger
from converge.engine.graph import Graph
from converge.engine.outcome import Outcome, Result
from converge.errors import Blocked, Unavailable

DIAMOND = Graph({"base": [], "left": ["base"], "right": ["base"], "top": ["left", "right"], "apart": []})


class Work:
    """Converges by noting it; ``ends`` says what does not converge."""

    def __init__(self, **ends: Result) -> None:
        self.ends = ends
        self.done: list[str] = []
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, name: str) -> Outcome:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.01)
        with self._lock:
            self.running -= 1
            self.done.append(name)
        result = self.ends.get(name, Result.CONVERGED)
        return Outcome(name, result, text=f"{name} is {result}", by="" if result is Result.CONVERGED else name)


def test_each_is_converged_once_after_what_it_requires() -> None:
    work = Work()
    converger = Converger(DIAMOND, work, work)
    converger.select(["top"])
    converger.select(["top", "left"])
    assert converger.wait_for("top").result is Result.CONVERGED
    assert Counter(work.done) == {"base": 1, "left": 1, "right": 1, "top": 1}
    assert work.done[0] == "base"
    assert work.done[-1] == "top"


def test_what_is_independent_runs_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=HANG_S)

    def work(name: str) -> Outcome:
        if name in ("left", "right", "apart"):
            meeting.wait()
        return Outcome(name, Result.CONVERGED)

    converger = Converger(Graph({"left": [], "right": [], "apart": []}), work, work)
    converger.select(["left", "right", "apart"])
    assert converger.wait_for("apart").result is Result.CONVERGED


def test_a_failure_blocks_its_dependants_once_and_nobody_else() -> None:
    told: list[Outcome] = []
    work = Work(left=Result.FAILED)
    converger = Converger(DIAMOND, work, work, told.append)
    converger.select(["top", "apart"])
    with pytest.raises(Blocked) as caught:
        converger.wait_for("top")
    assert (caught.value.component, caught.value.by) == ("top", "left")
    with pytest.raises(Blocked):
        converger.wait_for("left")
    assert converger.wait_for("right").result is Result.CONVERGED
    assert converger.wait_for("apart").result is Result.CONVERGED
    assert Counter(outcome.component for outcome in told) == {"base": 1, "left": 1, "right": 1, "top": 1, "apart": 1}
    assert "top" not in work.done


def test_nobody_goes_on_before_an_outcome_was_told() -> None:
    work = Work()
    ahead: list[str] = []
    converger = Converger(DIAMOND, work, work, lambda outcome: ahead.extend({outcome.component} & converger.outcomes.keys()))
    converger.select(["top"])
    converger.wait_for("top")
    assert ahead == []


def test_nothing_is_begun_for_what_is_unavailable() -> None:
    work = Work(base=Result.UNAVAILABLE)
    converger = Converger(Graph({"below": [], "base": ["below"]}), work, work, unavailable=lambda: ("base",))
    with pytest.raises(Unavailable):
        converger.wait_for("base")
    assert list(converger.outcomes) == ["base"]


def test_the_dependants_of_the_unavailable_are_unavailable_with_its_reason() -> None:
    work = Work(base=Result.UNAVAILABLE)
    converger = Converger(DIAMOND, work, work)
    with pytest.raises(Unavailable) as caught:
        converger.wait_for("top")
    assert "base is unavailable" in caught.value.seen


def test_again_is_done_again_and_only_after_the_first() -> None:
    work, repeat = Work(), Work()
    converger = Converger(DIAMOND, work, repeat)
    converger.again("left")
    converger.again("left")
    assert work.done == ["base", "left"]
    assert repeat.done == ["left", "left"]


def test_whoever_waits_is_answered_when_it_is_stopped() -> None:
    going_on = threading.Event()

    def work(name: str) -> Outcome:
        going_on.wait(5)
        return Outcome(name, Result.CONVERGED)

    converger = Converger(DIAMOND, work, work)
    converger.select(["top"])
    threading.Timer(0.1, lambda: converger.stop(patience_s=0.1)).start()
    with pytest.raises(Blocked, match="an interruption"):
        converger.wait_for("top")
    going_on.set()
    assert "top" not in converger.outcomes


@st.composite
def runs(draw: st.DrawFn) -> tuple[Graph, dict[str, Result]]:
    names = [f"c{number}" for number in range(draw(st.integers(1, 8)))]
    requires = {name: draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else [] for place, name in enumerate(names)}
    ends = draw(st.dictionaries(st.sampled_from(names), st.sampled_from([Result.FAILED, Result.UNAVAILABLE]), max_size=3))
    return Graph(requires), ends


@settings(max_examples=30, deadline=None)
@given(runs())
def test_only_what_stands_on_firm_ground_is_worked_on(run: tuple[Graph, dict[str, Result]]) -> None:
    graph, ends = run
    work = Work(**ends)
    converger = Converger(graph, work, work)
    converger.select(graph.order)
    outcomes = {name: converger.outcome(name) for name in graph.order}
    for name, outcome in outcomes.items():
        firm = all(outcomes[need].result is Result.CONVERGED for need in graph.requires[name])
        assert (name in work.done) == firm
        assert outcome.result is (ends.get(name, Result.CONVERGED) if firm else outcome.result)
        if outcome.result is Result.BLOCKED:
            assert outcomes[outcome.by].result is Result.FAILED
            assert outcome.by in graph.closure([name])
