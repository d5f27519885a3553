"""What the platform runs dies under those who use it."""

import time

import pytest
import requests
from place import until

from converge.components.keycloak.people import People
from converge.errors import ThinkubeError

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def people(place):
    place.converge("keycloak").require()
    return People(place.inventory, place.platform.access)


def signs_in(people, person):
    """Whether the person can sign in now."""
    try:
        return people.kubernetes().sign_in(type(person.browser)(people.http), person.credentials)
    except (ThinkubeError, requests.RequestException):
        return None


def test_postgresql_killed_under_keycloak(place, people, seen):
    """PostgreSQL is killed with -9 under Keycloak: both serve again by themselves, and a person made before signs in."""
    with people.person() as person:
        assert signs_in(people, person)
        place.kill("worker-1", "postgres")
        killed = time.monotonic()
        until(lambda: signs_in(people, person), "the person to sign in again")
        seconds = time.monotonic() - killed
        place.wait_ready("postgres", "keycloak")
    place.assert_settled("keycloak")
    seen(f"a login works again after {seconds:.1f} s")


def test_keycloak_killed_during_a_login(place, people, seen):
    """Keycloak is killed with -9 between the form and the password; that login fails and says why, and a new one works later."""
    with people.person() as person:
        party = people.kubernetes()
        attempt = party.begin()
        assert "password" in person.browser.http.get(attempt.url).text
        place.kill("worker-1", "java")
        killed = time.monotonic()
        with pytest.raises((ThinkubeError, requests.RequestException)) as failure:
            party.redeem(attempt, person.browser.visit(attempt.url, person.credentials, until=party.client.redirect_uri))
        until(lambda: signs_in(people, person), "the person to sign in again")
        seconds = time.monotonic() - killed
    place.wait_ready("keycloak")
    place.assert_settled("keycloak")
    seen(f"said: {' '.join(str(failure.value).split())[:100]}; a new login after {seconds:.1f} s")


def test_the_webhook_of_cert_manager_is_down(place, seen):
    """cert-manager's webhook is scaled to nothing and a Certificate removed: one run brings the webhook back and then the Certificate."""
    place.converge("cert-manager").require()
    webhook = next(
        obj for obj in place.platform.objects("cert-manager") if obj["kind"] == "Deployment" and obj["metadata"]["name"].endswith("webhook")
    )
    name, namespace = webhook["metadata"]["name"], webhook["metadata"]["namespace"]
    place.api.delete("Certificate.cert-manager.io", "wildcard", "ingress")
    place.api.patch("Deployment", name, namespace, {"spec": {"replicas": 0}})
    until(lambda: not place.api.list("Pod", namespace, labels="app.kubernetes.io/component=webhook"), "the webhook to be gone")
    done = place.converge("cert-manager").require()
    changes = done.outcomes["cert-manager"].changes
    assert any("Certificate" in change for change in changes)
    assert any(f"Deployment {namespace}/{name}" in change for change in changes)
    place.assert_settled("cert-manager")
    seen(f"repaired in one run of {done.seconds:.1f} s")
