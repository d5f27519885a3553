"""The harness dies in the middle: kill -9 between any two writes, Ctrl-C at any moment."""

import random
import signal
import time

import pytest

pytestmark = pytest.mark.fault


def test_killed_after_each_write_of_a_small_component(place, seen, kills, seed):
    """Killed with -9 after any write of "ingress", the next run ends in the same state, and the run after it has nothing to write."""
    place.converge("ingress").require()
    reference = place.state("ingress")
    place.roll_back("ingress")
    # The last write gives the lease back; how often it was renewed before depends on the time.
    last = place.converge("ingress").require().points - 1
    points = list(range(1, last + 1))
    chosen = points if kills >= len(points) else sorted(random.Random(seed).sample(points, kills))  # noqa: S311
    worst = 0.0
    for k in chosen:
        place.roll_back("ingress")
        assert place.converge("ingress", kill_after=k).was_killed, f"at write {k}"
        worst = max(worst, place.converge("ingress").require().seconds)
        assert place.state("ingress") == reference, f"after a kill at write {k}"
        assert not place.plan("ingress"), f"after a kill at write {k}"
    place.assert_settled("ingress")
    seen(f"{len(chosen)} of the {last} writes ({chosen[0]}–{chosen[-1]}): same state; the run after a kill took {worst:.1f} s at most")


def test_killed_at_random_writes_of_the_whole(place, seen, kills, seed):
    """Killed with -9 at random writes all the way up, the platform ends as planned, and a further run writes nothing."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    names = place.there
    if place.converge("keycloak", kill_after=1).was_killed:  # it was not converged: this is the way up
        done = 1
    else:
        place.roll_back("storage", "dns", "ingress")
        done = 0
    started = time.monotonic()
    while True:
        k = dice.randint(1, 7) if done < kills else 0
        run = place.converge(*names, kill_after=k)
        if not run.was_killed:
            break
        done += 1
    run.require()
    assert done >= min(kills, 3), f"only {done} kills fitted in"
    assert not place.plan(*names)
    place.assert_settled(*names)
    seen(f"seed {seed}: {done} kills on the way up, {time.monotonic() - started:.0f} s, nothing left to plan")


def test_interrupted_at_random_moments(place, seen, seed):
    """Ctrl-C ends a run wherever it is, leaves no lease behind, and the next run ends in the same state."""
    place.converge("ingress").require()
    reference, dice, slowest = place.state("ingress"), random.Random(seed), 0.0  # noqa: S311
    place.roll_back("ingress")
    lines = place.converge("ingress").require().log.count("\n")
    for _ in range(3):
        place.roll_back("ingress")
        run = place.begin("ingress")
        run.has_said(dice.randint(1, lines))
        interrupted = time.monotonic()
        run.process.send_signal(signal.SIGINT)
        run.end()
        slowest = max(slowest, time.monotonic() - interrupted)
        lease = place.api.find("Lease", "converge", "thinkube-system")
        assert not (lease and lease["spec"].get("holderIdentity")), lease
        place.converge("ingress").require()
        assert place.state("ingress") == reference
    seen(f"ended {slowest:.1f} s after Ctrl-C at most; same state")
