"""The API server is busy, failing, silent or gone while components converge."""

import random
import threading
import time

import pytest
from proxy import Misbehaviour, Proxy

from converge.kubernetes.request import PATIENCE_S

pytestmark = pytest.mark.fault


@pytest.fixture
def fresh(place):
    """``ingress`` as it should be, to compare with, and then not there at all."""
    place.converge("ingress").require()
    reference = place.state("ingress")
    place.roll_back("ingress")
    return reference


@pytest.fixture
def proxy(place):
    with Proxy(place.platform.cluster().kubeconfig, place.folder) as proxy:
        yield proxy


def same_state(place, reference):
    assert place.state("ingress") == reference
    place.assert_settled("ingress")


def test_a_storm_of_429(place, fresh, proxy, seen):
    """Of all requests a half is answered 429 with Retry-After for a while: the run waits as asked and converges."""
    dice = random.Random(4)  # noqa: S311 - repeatable
    proxy.judge = lambda asked: Misbehaviour(429, retry_after="1") if asked.times < 2 and dice.random() < 0.5 else None
    done = place.converge("ingress", kubeconfig=proxy.kubeconfig).require()
    assert proxy.misbehaved[429] > 10
    same_state(place, fresh)
    seen(f"{proxy.misbehaved[429]} times 429; converged after {done.seconds:.1f} s")


@pytest.mark.parametrize("code", [500, 503])
def test_every_request_fails_once(place, fresh, proxy, seen, code):
    """Every different request is answered 500 (503) the first time: the run repeats it and converges."""
    proxy.judge = lambda asked: Misbehaviour(code) if asked.times == 0 and asked.method in ("GET", "PATCH") else None
    done = place.converge("ingress", kubeconfig=proxy.kubeconfig).require()
    same_state(place, fresh)
    seen(f"{proxy.misbehaved[code]} times {code}; converged after {done.seconds:.1f} s")


def test_connections_reset(place, fresh, proxy, seen):
    """A third of all connections is reset before any answer: the run converges."""
    dice = random.Random(7)  # noqa: S311 - repeatable
    proxy.judge = lambda asked: Misbehaviour() if asked.method in ("GET", "PATCH") and dice.random() < 0.33 else None
    done = place.converge("ingress", kubeconfig=proxy.kubeconfig).require()
    same_state(place, fresh)
    seen(f"{proxy.misbehaved[0]} resets; converged after {done.seconds:.1f} s")


def test_watches_cut(place, fresh, proxy, seen):
    """Every watch is cut after 0.3 s while the run waits: it sees the end all the same, and not much later."""
    proxy.judge = lambda asked: Misbehaviour(cut_after_s=0.3) if asked.is_watch else None
    done = place.converge("ingress", kubeconfig=proxy.kubeconfig).require()
    assert proxy.misbehaved[0] >= 3
    same_state(place, fresh)
    seen(f"{proxy.misbehaved[0]} watches cut; converged after {done.seconds:.1f} s")


def test_unavailable_for_good(place, fresh, proxy, seen):
    """Nothing but 503 ends the run at its deadline with what was asked and seen, told once; dependants are blocked, nothing is written."""
    proxy.judge = lambda asked: Misbehaviour(503)
    done = place.converge("ingress", kubeconfig=proxy.kubeconfig, component_s=10)
    cause, dependant = done.outcomes["control-node"], done.outcomes["ingress"]
    assert cause.result == "failed"
    assert "503" in cause.text
    assert "temporary trouble" in cause.text
    assert (dependant.result, dependant.by) == ("blocked", "control-node")
    assert not done.written
    assert max(proxy.asked.values()) <= 2 * most_tries(PATIENCE_S), proxy.asked.most_common(3)
    seen(f"deadline of 10 s, ended after {done.seconds:.0f} s: {' '.join(cause.text.split())[:110]}")


def most_tries(seconds):
    """How often a request is asked within its patience at most; a slow machine asks less often."""
    tries, pause = 1, 0.1
    while seconds > 0:
        seconds -= pause / 2  # the shortest that its jitter makes it
        tries, pause = tries + 1, min(2 * pause, 5.0)
    return tries


@pytest.mark.parametrize("program", ["kube-apiserver", "etcd"])
def test_killed_under_a_run(place, fresh, seen, program):
    """The API server (etcd) is killed with -9 while a run waits: it comes back by itself and the run ends in the same state."""
    run = place.begin("ingress")
    run.says("ingress: changed create Deployment")
    place.kill("control", program)
    killed = time.monotonic()
    done = run.end().require()
    same_state(place, fresh)
    seen(f"converged {time.monotonic() - killed:.0f} s after the kill (run of {done.seconds:.0f} s)")


def test_killed_before_the_first_write(place, fresh, seen):
    """The API server is killed with -9 while a run begins: the run waits for it and converges."""
    run = place.begin("ingress")
    run.says("ingress: started")
    threading.Thread(target=place.kill, args=("control", "kube-apiserver")).start()
    done = run.end()
    if done.failures:  # nobody answered for longer than a request's patience: the next run must do it
        assert "temporary trouble" in done.failures
        place.converge("ingress").require()
    same_state(place, fresh)
    seen(f"run of {done.seconds:.0f} s{', then another' if done.failures else ''}: same state")
