"""Two runs on one platform: they take turns, say for whom they wait, and nobody waits long for the dead."""

import time

import pytest

from converge.kubernetes.lease import Lease

pytestmark = pytest.mark.fault


def test_two_harnesses_at_once(place, seen):
    """Two runs begun at the same moment both converge, one after the other, to the same state, and leave nothing to do."""
    place.converge("ingress").require()
    reference = place.state("ingress")
    place.roll_back("ingress")
    first, second = place.begin("ingress"), place.begin("ingress")
    done = [run.end().require() for run in (first, second)]
    waited = [run for run in done if "is converging this platform" in run.log]
    assert place.state("ingress") == reference
    place.assert_settled("ingress")
    said = f"pid {first.process.pid}" if str(first.process.pid) in "".join(run.log for run in waited) else f"pid {second.process.pid}"
    seen(f"runs of {done[0].seconds:.1f} and {done[1].seconds:.1f} s; {f'one waited for {said}' if waited else 'they did not meet'}")


def test_what_changes_while_a_run_waits(place, seen):
    """What another run takes away while this one waits for the lease is put back: what was read before does not count."""
    place.converge("ingress").require()
    reference = place.state("ingress")
    place.api.delete("IngressClass", "traefik")
    lease = Lease(place.api.view(), holder="elsewhere:17").acquire(5)
    try:
        run = place.begin("ingress")
        run.says("elsewhere:17 is converging this platform")
        place.api.delete("Deployment", "traefik", "ingress")
    finally:
        lease.release()
    changes = run.end().require().outcomes["ingress"].changes
    assert place.state("ingress") == reference
    seen(f"wrote {', '.join(changes)}")


def test_the_second_leaves_at_its_deadline(place, seen):
    """A run that waits for another one's lease leaves at its deadline, names the holder, and has written nothing."""
    place.roll_back("ingress")
    lease = Lease(place.api.view(), holder="elsewhere:17").acquire(5)
    try:
        done = place.converge("ingress", lease_s=3)
    finally:
        lease.release()
    outcome = done.outcomes["ingress"]
    assert outcome.result == "failed"
    assert "elsewhere:17 holds the lease" in outcome.text
    assert "elsewhere:17 is converging this platform" in done.log
    assert not done.written
    place.converge("ingress").require()
    seen(f"left after {done.seconds:.1f} s: elsewhere:17 holds the lease")


def test_the_lease_of_a_dead_machine(place, seen):
    """The lease of a run that died with its machine is taken over 30 s after its last sign of life, whatever its clock said."""
    place.roll_back("ingress")
    lease = Lease(place.api.view(), holder="elsewhere:17").acquire(5)
    lease._released.set()  # it renews no more, as a machine without power does
    died, before = time.monotonic(), transitions(place)
    run = place.begin("ingress")
    run.says("changed create Namespace")
    waited = time.monotonic() - died
    done = run.end().require()
    assert done.log.index("elsewhere:17 is converging this platform") < done.log.index("changed create Namespace")
    assert transitions(place) == before + 1
    seen(f"taken over after {waited:.1f} s")


def transitions(place):
    """How often the lease was taken."""
    return place.api.get("Lease", "converge", "thinkube-system")["spec"]["leaseTransitions"]


def test_the_lease_of_a_killed_run(place, seen):
    """A run of this machine that was killed with -9 while it held the lease keeps nobody waiting."""
    place.roll_back("ingress")
    assert place.converge("ingress", kill_after=4).was_killed
    assert place.api.get("Lease", "converge", "thinkube-system")["spec"]["holderIdentity"]
    run = place.begin("ingress")
    run.says("changed create")
    done = run.end().require()
    assert "is converging this platform" not in done.log
    seen(f"the next run had converged after {done.seconds:.1f} s")
