import threading
import time
from pathlib import Path

import pytest
from hanging import HANG_S

from converge.inventory.model import EmbeddedNodes, Inventory
from converge.nodes.embedded.cgroups import Cgroups
from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.machine import machines
from converge.nodes.embedded.machines import Machines
from converge.nodes.embedded.spaces import Spaces
from converge.nodes.embedded.start import Start
from converge.nodes.kubeadm.membership import Membership
from converge.nodes.kubeadm.phases import documents
from converge.nodes.kubeadm.ready import Patience
from converge.nodes.kubeadm.steps import Step, run_steps
from converge.progress import SILENCE


def start(workers=1, known=False):
    plan = Layout.of(Inventory(nodes=EmbeddedNodes(workers=workers)), Path("/state"))
    patience = Patience(1, threading.Event())
    spaces = Spaces(plan, Cgroups((), 2))
    membership = Membership(plan, machines(plan, spaces), patience, SILENCE)
    return Start(plan, Machines(plan, spaces, None, patience, known), membership, patience, lambda: None)


def run(steps):
    return run_steps(steps, SILENCE, "cluster", stopped=threading.Event())


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("known", [False, True])
def test_every_step_comes_after_steps_above_it(workers, known):
    steps = start(workers, known).steps()
    seen = set()
    for step in steps:
        assert set(step.after) <= {step.name for step in steps}, step.name
    # Nothing waits for itself, whatever the order of the list.
    while left := [step for step in steps if step.name not in seen]:
        ready = [step for step in left if seen.issuperset(step.after)]
        assert ready
        seen |= {step.name for step in ready}


def test_names_of_steps_are_unique():
    names = [step.name for step in start(3).steps()]
    assert len(names) == len(set(names))


def test_a_worker_joins_while_the_addons_come_up():
    after = {step.name: step.after for step in start().steps()}
    assert not any(name.startswith("create") for name in after["join local-worker-1"])


def test_steps_that_do_not_wait_for_each_other_run_at_the_same_time():
    both = threading.Barrier(2, timeout=HANG_S)
    run([Step("one", both.wait), Step("two", both.wait)])


def test_a_step_waits_for_what_it_comes_after():
    order = []
    run([Step("second", lambda: order.append("second"), ("first",)), Step("first", lambda: (time.sleep(0.02), order.append("first")))])
    assert order == ["first", "second"]


def test_after_a_failure_nothing_new_starts_and_its_error_is_raised():
    ran = []

    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        run([Step("bad", fail), Step("never", lambda: ran.append(1), ("bad",))])
    assert not ran


def test_steps_that_wait_end_when_another_fails():
    stopped = threading.Event()
    patience = Patience(2 * HANG_S, stopped)
    ended = []

    def wait():
        try:
            patience.pause(2 * HANG_S)
        finally:
            ended.append(stopped.is_set())

    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        run_steps([Step("waits", wait), Step("bad", fail)], SILENCE, "cluster", stopped=stopped)
    assert ended == [True]


def test_steps_in_a_circle_are_an_error():
    with pytest.raises(ValueError, match="wait for each other"):
        run([Step("a", lambda: None, ("b",)), Step("b", lambda: None, ("a",))])


def test_what_kubeadm_prints_beside_the_objects_is_left_out():
    printed = "[patches] Reading patches\n[patches] Found\n---apiVersion: v1\nkind: ConfigMap\n\n---\nkind: Service\n---\n"
    assert [document["kind"] for document in documents(printed)] == ["ConfigMap", "Service"]
