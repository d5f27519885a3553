"""Everything that a platform consists of is deleted, emptied or taken away, and a plain run puts it back.

The rows come from the components themselves (`wounds.rows`): a new component enters by existing. What belongs together is hurt at
once, then one run is done, then each row is judged by itself; `build/faults/heal.md` is the table. THINKUBE_HEAL_INVENTORY names another
cluster, THINKUBE_HEAL_ONLY=keycloak,minio hurts only these components, or only rows with these words in them.
"""

import os
import time
from pathlib import Path

import pytest
import wounds
from canaries import canaries
from place import Place

from converge.engine.planner import plan

pytestmark = pytest.mark.fault

GENTLE = ("configuration", "workloads", "entrances", "emptied", "settings", "secrets", "secrets emptied", "definitions")
BATCHES = (*GENTLE, "realm", "data", "namespaces")
"""What is hurt together, the gentlest first; the last three lose data that cannot come back: the run has to name it."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The whole platform, converged."""
    path = Path(os.environ.get("THINKUBE_HEAL_INVENTORY") or Path(__file__).with_name("whole.yaml"))
    place = Place(path.resolve(), tmp_path_factory.mktemp("heal"))
    ran_before = place.provider.find() is not None
    place.begin(*place.there).end(timeout_s=2400).require()
    yield place
    if not ran_before:
        place.provider.delete()


@pytest.mark.parametrize("batch", BATCHES)
def test_what_was_hurt_is_put_back(whole, seen, batch, pytestconfig):
    """What is deleted, emptied or taken away by hand is put back by one plain run, with all data; data that cannot come back is named."""
    names = whole.there
    whole.begin(*names).end(timeout_s=1800).require()  # whatever the batch before could not end
    whole.look_anew()
    kept = canaries(whole)
    for canary in kept:
        canary.leave()
    every = list(wounds.rows(whole, names))
    assert {row.batch for row in every} <= {*BATCHES}, "a batch that nobody hurts"
    chosen = [row for row in every if row.batch == batch and _is_asked_for(row)]
    if not chosen:
        pytest.skip("nothing of this kind was asked for")
    before = whole.state(*names)
    wounds.inflict(whole, chosen)
    began = time.monotonic()
    done = whole.begin(*names).end(timeout_s=1800)
    seconds = time.monotonic() - began
    whole.look_anew()
    plans = {name: str(plan(whole.platform, name)) for name in names}
    wounds.judge(whole, chosen, before, whole.state(*names), done, plans)
    wounds.keep(chosen, pytestconfig.rootpath)
    broken = [f"{row.component}: {row.subject} {row.hurt}: {row.seen}" for row in chosen if row.outcome == "broken"]
    seen(f"{len(chosen)} rows, {len(broken)} of them broken; run of {seconds:.1f} s")
    assert not broken, "\n".join(broken)
    done.require()
    emptied = {row.component for row in chosen if row.loses}
    missing = [canary.what for canary in canaries(whole) if not emptied.intersection(canary.stands_on) and not canary.is_there()]
    assert not missing, f"{missing} not found again"
    whole.assert_settled(*names)


def _is_asked_for(row):
    words = os.environ.get("THINKUBE_HEAL_ONLY", "")
    return not words or any(word in f"{row.component}: {row.subject}" for word in words.split(","))
