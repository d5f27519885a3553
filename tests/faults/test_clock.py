"""A clock is an hour wrong: an application's, the harness's own. The machine's is never touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from place import LONG_S, until

pytestmark = pytest.mark.fault
LOGIN = Path(__file__).with_name("login.py")
LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
AHEAD = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

if LIBRARY is None:
    pytestmark = [pytest.mark.fault, pytest.mark.skip("libfaketime is not installed (Debian package libfaketime)")]


def test_keycloaks_application_has_a_clock_that_is_an_hour_ahead(place, seen):
    """With an application's clock an hour ahead of Keycloak's a login is refused for the time in its token, not believed."""
    place.converge("keycloak").require()
    argv = [sys.executable, str(LOGIN), str(place.path)]
    said = [
        subprocess.run(argv, capture_output=True, text=True, check=True, env={**os.environ, **clock}, timeout=LONG_S).stdout.strip()
        for clock in ({}, AHEAD)
    ]
    assert said[0] == "signed in"
    assert said[1] == "refused: Signature has expired"
    seen(f"right clock: {said[0]}; an hour ahead: {said[1]}")


def test_the_harness_clock_is_an_hour_ahead(place, seen):
    """A run whose own clock is an hour ahead finds nothing to do, converges what is missing, and takes no living run's lease."""
    place.converge("ingress").require()
    assert not place.begin("ingress", environment=AHEAD).end().require().written
    place.roll_back("ingress")
    other = place.begin("ingress")
    until(lambda: (place.api.find("Lease", "converge", "thinkube-system") or {}).get("spec", {}).get("holderIdentity"), "the lease")
    done = place.begin("ingress", environment=AHEAD).end().require()
    other.end().require()
    place.assert_settled("ingress")
    seen(f"converged beside another run, after {done.seconds:.1f} s")
