"""Other versions of what keeps data, as somebody names them in the catalog: data survives, and one comes back from there."""

import pytest
from canaries import canaries
from checkout import Checkout

from converge.components.postgres.server import server as postgres
from converge.components.versions import RUNS

pytestmark = pytest.mark.fault

EARLIER = ("26.7.3", "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f")


@pytest.fixture
def left(place):
    """What somebody left in PostgreSQL and Keycloak."""
    place.converge("keycloak").require()
    place.look_anew()
    found = [one for one in canaries(place) if one.stands_on[0] in ("postgres", "keycloak")]
    for one in found:
        one.leave()
    return found


def test_keycloak_gets_another_version_and_its_own_again(place, left, tmp_path, seen):
    """People are found again, and the database was copied before."""
    other = Checkout(tmp_path)
    other.keycloak(*EARLIER)
    done = place.begin("keycloak", environment=other.environment).end().require()
    assert "copy database keycloak" in done.outcomes["keycloak"].changes
    assert _runs(place, "Deployment", "keycloak") == f"keycloak {EARLIER[0]}"
    assert all(one.is_there() for one in left)
    again = place.converge("keycloak").require()
    assert "copy database keycloak" in again.outcomes["keycloak"].changes
    assert all(one.is_there() for one in left)
    seen(f"{_runs(place, 'Deployment', 'keycloak')}, the other was {EARLIER[0]}: {done.seconds:.0f} s and {again.seconds:.0f} s")


def test_postgresql_18_takes_over_what_17_keeps_and_17_is_found_again(place, left, tmp_path, seen):
    """Every row and every person is there with 18; naming 17 again finds its files as they were."""
    other = Checkout(tmp_path)
    other.postgres(18, "forky")
    done = place.begin("keycloak", environment=other.environment).end().require()
    assert "copy every database" in done.outcomes["postgres"].changes
    assert _major(place) == 18
    assert all(one.is_there() for one in left)
    postgres(place.platform.access).run("DROP TABLE heal_canary;")
    back = place.converge("keycloak").require()
    assert _major(place) == 17
    assert all(one.is_there() for one in left)  # also what was dropped in 18
    place.assert_settled("keycloak")
    seen(f"17 → 18 in {done.seconds:.0f} s, and back in {back.seconds:.0f} s")


def _runs(place, kind, name):
    return place.api.get(kind, name, name)["metadata"]["annotations"][RUNS]


def _major(place):
    return int(postgres(place.platform.access).rows("SELECT current_setting('server_version_num')::int / 10000 AS major")[0]["major"])
