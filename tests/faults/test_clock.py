"""A clock is an hour wrong: Keycloak's inside its container, the harness's own. The machine's is never touched."""

import base64
from pathlib import Path

import pytest
from place import until

from converge.people import People
from converge.sso.relying_party import InvalidToken

pytestmark = pytest.mark.fault
LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
AHEAD = {"FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

if LIBRARY is None:
    pytestmark = [pytest.mark.fault, pytest.mark.skip("libfaketime is not installed (Debian package libfaketime)")]


@pytest.fixture
def hour_ahead(place):
    """Keycloak with a clock of its own: its container loads a library that adds an hour."""
    place.converge("keycloak").require()
    api, spec = place.api, "/spec/template/spec"
    metadata = {"name": "faketime", "namespace": "keycloak"}
    library = base64.b64encode(LIBRARY.read_bytes()).decode()
    api.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": {"faketime.so": library}}, force=True)
    pod = api.get("Deployment", "keycloak", "keycloak")["spec"]["template"]["spec"]
    variables = [{"name": name, "value": value} for name, value in ({"LD_PRELOAD": "/faketime/faketime.so"} | AHEAD).items()]
    lists = {
        f"{spec}/containers/0/env": (len(pod["containers"][0]["env"]), variables),
        f"{spec}/containers/0/volumeMounts": (len(pod["containers"][0]["volumeMounts"]), [{"name": "faketime", "mountPath": "/faketime"}]),
        f"{spec}/volumes": (len(pod["volumes"]), [{"name": "faketime", "configMap": {"name": "faketime"}}]),
    }
    add = [{"op": "add", "path": f"{path}/-", "value": value} for path, (_, values) in lists.items() for value in values]
    api.patch("Deployment", "keycloak", "keycloak", add)
    place.wait_ready("keycloak", deadline_s=150)
    yield
    remove = [{"op": "remove", "path": f"{path}/{first}"} for path, (first, values) in lists.items() for _ in values]
    api.patch("Deployment", "keycloak", "keycloak", remove)
    api.delete("ConfigMap", "faketime", "keycloak")
    place.wait_ready("keycloak", deadline_s=150)


def test_keycloaks_clock_is_an_hour_ahead(place, hour_ahead, seen):
    """With Keycloak's clock an hour ahead a login is refused for the time in its token, not believed."""
    people = People(place.inventory, place.platform.access)
    person = people.administrator()
    with pytest.raises(InvalidToken) as refused:
        people.kubernetes().sign_in(person.browser, person.credentials)
    assert "not yet valid" in refused.value.seen
    seen(f"refused: {refused.value.seen}")


def test_the_harness_clock_is_an_hour_ahead(place, seen):
    """A run whose own clock is an hour ahead finds nothing to do, converges what is missing, and takes no living run's lease."""
    place.converge("ingress").require()
    environment = {"LD_PRELOAD": str(LIBRARY), **AHEAD}
    assert not place.begin("ingress", environment=environment).end().require().written
    place.roll_back("ingress")
    other = place.begin("ingress")
    until(lambda: (place.api.find("Lease", "converge", "thinkube-system") or {}).get("spec", {}).get("holderIdentity"), 30, "the lease")
    done = place.begin("ingress", environment=environment).end().require()
    other.end().require()
    place.assert_settled("ingress")
    seen(f"converged beside another run, after {done.seconds:.1f} s")
