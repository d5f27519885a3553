"""One writer at a time: the second waits and says for whom, the dead are replaced, the loser is told."""

import threading
import time

import pytest
from hanging import HANG_S

from converge.errors import NotReady
from converge.kubernetes.lease import Lease
from converge.kubernetes.objects import SYSTEM_NAMESPACE


@pytest.fixture
def api(fake_api):
    return fake_api.client()


def lease(api, holder, **options):
    return Lease(api, holder=holder, duration_s=options.pop("duration_s", 30), **options)


def held_by(fake_api):
    return fake_api.find("Lease", "converge", SYSTEM_NAMESPACE)["spec"]["holderIdentity"]


def test_the_first_takes_it_and_gives_it_up(fake_api, api):
    with lease(api, "a").acquire(5) as mine:
        assert mine.is_held
        assert held_by(fake_api) == "a"
    assert held_by(fake_api) == ""


def test_the_second_waits_saying_for_whom_and_goes_on_at_once(fake_api, api):
    notes = []

    class Notes:
        def note(self, subject, state, detail=""):
            notes.append(detail)

    first = lease(api, "other-host:1", duration_s=4 * HANG_S).acquire(HANG_S)
    threading.Timer(0.3, first.release).start()
    with lease(api, "me:2", duration_s=4 * HANG_S).acquire(HANG_S, Notes()):  # sooner than the lease would have ended by itself
        assert held_by(fake_api) == "me:2"
    assert notes[0] == "other-host:1 is converging this platform"


def test_the_deadline_names_the_holder(api):
    with lease(api, "other-host:1").acquire(5), pytest.raises(NotReady, match="other-host:1 holds the lease"):
        lease(api, "me:2").acquire(0.2)


def test_a_dead_holder_is_replaced_after_the_leases_time(fake_api, api):
    dead = lease(api, "other-host:1", duration_s=1)
    dead.acquire(5)
    dead._released.set()  # it stops renewing, as a killed process does
    with pytest.raises(NotReady, match="other-host:1 holds the lease"):
        lease(api, "me:2", duration_s=1).acquire(0)
    with lease(api, "me:2", duration_s=1).acquire(HANG_S):
        assert held_by(fake_api) == "me:2"


def test_a_living_holder_keeps_it_beyond_its_time(api):
    with lease(api, "other-host:1", duration_s=1).acquire(5), pytest.raises(NotReady):
        lease(api, "me:2", duration_s=1).acquire(1.5)


def test_a_holder_that_is_no_process_of_this_machine_any_more_is_not_waited_for(fake_api, api, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "here")
    gone = lease(api, "here:999999999", duration_s=4 * HANG_S)
    gone.acquire(HANG_S)
    gone._released.set()
    with lease(api, "here:1").acquire(HANG_S):
        assert held_by(fake_api) == "here:1"


def test_the_clock_of_the_holder_does_not_matter(fake_api, api):
    with lease(api, "other-host:1").acquire(5):
        fake_api.edit("Lease", "converge", SYSTEM_NAMESPACE, {"spec": {"renewTime": "2000-01-01T00:00:00.000000Z"}})
        with pytest.raises(NotReady):
            lease(api, "me:2").acquire(0.3)


def test_who_loses_it_is_told(fake_api, api):
    told = []
    mine = lease(api, "me:1", duration_s=0.4, on_lost=told.append).acquire(5)
    fake_api.edit("Lease", "converge", SYSTEM_NAMESPACE, {"spec": {"holderIdentity": "thief:1"}})
    deadline = time.monotonic() + HANG_S
    while not told and time.monotonic() < deadline:
        time.sleep(0.01)
    assert told == ["thief:1 took it"]
    assert not mine.is_held
    mine.release()
    assert held_by(fake_api) == "thief:1"


def test_what_could_not_be_kept_is_held_again_unless_somebody_has_had_it_since(fake_api, api):
    mine = lease(api, "me:1").acquire(5)
    mine._released.set()  # it stops renewing, as where nobody answers
    assert mine.regain()
    assert fake_api.find("Lease", "converge", SYSTEM_NAMESPACE)["spec"]["leaseTransitions"] == 2
    mine._released.set()
    for other in ("other-host:1", ""):  # the other holds it, or has given it back
        fake_api.edit("Lease", "converge", SYSTEM_NAMESPACE, {"spec": {"holderIdentity": other}})
        assert not mine.regain()


def test_two_at_once_get_it_one_after_the_other(fake_api, api):
    order = []

    def work(name):
        with lease(api, name).acquire(HANG_S):
            order.append(("in", name))
            time.sleep(0.05)
            order.append(("out", name))

    threads = [threading.Thread(target=work, args=(f"host{number}:1",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_S)
    assert len(order) == 6
    assert all(order[index][1] == order[index + 1][1] for index in (0, 2, 4))


def test_its_writes_are_not_counted_as_the_works(api):
    with lease(api, "a").acquire(5):
        pass
    assert api.writes == 0
