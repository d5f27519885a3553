"""Single sign-on: one login, its end, and a change of groups, on every page of the platform at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_bdd import given, parsers, then, when

from converge.acceptance import pages
from converge.components.keycloak.people import People, Person
from converge.components.terms import Endpoint
from converge.engine.platform import Platform
from converge.waiting import COMES_S


@given("the person has opened every page that signs people in")
@then("every page that signs people in opens to the person without a password")
def opens_everywhere(platform: Platform, person: Person, attach: Callable[..., None]) -> None:
    places = pages.signing_on(platform)
    assert places, "no component signs anybody in"
    attach("The pages", "\n".join(f"{place.url}{place.sign_on}" for place in places), "text/plain")
    assert not (closed := pages.closed(places, person.browser)), _told(closed)


@given("pages that do not open to the person", target_fixture="closed")
def closed_pages(platform: Platform, person: Person) -> Sequence[Endpoint]:
    refused = pages.closed(pages.signing_on(platform), person.browser)
    assert refused, "every page opens to a person who is in no group"
    return [place for place in pages.signing_on(platform) if place.url in refused]


@when(parsers.re(r'an administrator takes the person into the group "(?P<group>[^"]+)"'), target_fixture="starts_before")
def join(people: People, platform: Platform, person: Person, group: str) -> Mapping[str, int]:
    found = people.realm.group(group)
    assert found, f"the realm has no group {group}"
    before = pages.starts(platform, platform.possible)
    people.realm.admin.group_user_add(person.identity, found["id"])
    return before


@then("those pages open to the person without a password")
def open_now(person: Person, closed: Sequence[Endpoint]) -> None:
    assert not (still := pages.closed(closed, person.browser)), _told(still)


@then("nothing was started anew for it")
def nothing_started(platform: Platform, starts_before: Mapping[str, int]) -> None:
    assert pages.starts(platform, platform.possible) == starts_before


@then("every page that follows the platform login closes to the person")
def closes_everywhere(platform: Platform, person: Person) -> None:
    following = [place for place in pages.signing_on(platform) if place.ends_within_s]
    assert following, "no page follows the platform login"
    pages.wait_until_closed(following, person.browser, max(place.ends_within_s for place in following) + COMES_S)


def _told(closed: Mapping[str, str]) -> str:
    return "\n".join(f"{url}: {said}" for url, said in closed.items())
