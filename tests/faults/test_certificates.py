"""The certificates of the platform are lost, or their CA is, and one plain run brings everything back."""

import pytest

from converge import authority
from converge.components.cert_manager import authority as kept
from converge.components.cert_manager.issued import every
from converge.components.keycloak.people import People
from converge.engine.ca_rotation import CaRotation
from converge.engine.platform import Platform

pytestmark = pytest.mark.fault

WHOLE = ("keycloak", "valkey", "metrics")


@pytest.fixture(scope="module", autouse=True)
def whole(place):
    place.converge(*WHOLE).require()


def healed(place):
    """One plain run, after which every certificate is of today's CA and another run has nothing to write; returns the seconds."""
    done = place.converge(*WHOLE).require()
    assert not [one for one in every(place.api) if one.fault or not one.expires]
    place.assert_settled(*WHOLE)
    return done.seconds


def test_the_definition_of_certificates_is_deleted(place, seen):
    """The CustomResourceDefinition of Certificates is deleted, and with it every Certificate: one run brings all of them back."""
    before = [one.ref for one in every(place.api)]
    place.api.delete("CustomResourceDefinition", "certificates.cert-manager.io")
    seconds = healed(place)
    assert [one.ref for one in every(place.api)] == before
    seen(f"{len(before)} Certificates back in one run of {seconds:.1f} s")


def test_the_definition_is_deleted_and_the_ca_replaced(place, seen):
    """The definition of Certificates is deleted and the CA replaced at once: one run has all of them back, of the CA of today."""
    before = [one.ref for one in every(place.api)]
    place.api.delete("CustomResourceDefinition", "certificates.cert-manager.io")
    kept.put(place.api, authority.make("another CA"))
    seconds = healed(place)
    assert [one.ref for one in every(place.api)] == before
    seen(f"{len(before)} Certificates back in one run of {seconds:.1f} s")


@pytest.mark.parametrize("how", ["deleted", "emptied", "replaced"])
def test_the_ca_is_lost(place, seen, how):
    """The Secret of the private CA is deleted, emptied, or holds another CA: one run has everything issued anew, and everybody follows."""
    before = place.platform.ca_pem()
    if how == "deleted":
        place.api.delete("Secret", kept.CA, kept.NAMESPACE)
    elif how == "emptied":
        kept.change(place.api, {"tls.crt": "", "tls.key": ""})
    else:
        kept.put(place.api, authority.make("another CA"))
    seconds = healed(place)
    assert place.platform.ca_pem() != before
    people = People(place.inventory, place.platform.access)
    with people.person() as person:
        assert people.kubernetes().sign_in(person.browser, person.credentials)
    seen(f"issued anew and a person signs in after one run of {seconds:.1f} s")


def test_the_ca_is_rotated_under_a_person_who_is_signed_in(place, seen):
    """``rotate-ca`` under a person who is signed in: the session goes on afterwards, without the password."""
    people = People(place.inventory, place.platform.access)
    with people.person() as person:
        assert people.kubernetes().sign_in(person.browser, person.credentials)
        platform = Platform(place.inventory)
        rotation = CaRotation(platform)
        try:
            rotation.run()
        finally:
            platform.close({}, 0)
        assert people.kubernetes().sign_in(person.browser, None)
    assert rotation.left != rotation.signs
    place.assert_settled(*WHOLE)
    seen("the session went on")
