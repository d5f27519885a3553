"""Tiles: what people see of the platform on its dashboard, and what only administrators do."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from converge.acceptance.browser import Window
from converge.acceptance.throwaway import ThrowawayPods
from converge.components.dashboard.component import Dashboard
from converge.components.dashboard.session import DashboardSession
from converge.components.keycloak.people import Person
from converge.engine.platform import Platform
from converge.engine.serving import wait_until_served
from converge.kubernetes import workloads
from converge.waiting import COMES_S

Attach = Callable[..., None]

BYTES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
CORES = {"n": 1e-9, "u": 1e-6, "m": 1e-3}
FORBIDDEN = 403


def dashboard(platform: Platform, person: Person) -> DashboardSession:
    return DashboardSession(platform.component(Dashboard.name).endpoints()[0].url, person.browser)


@then("the page has a tile for every component of the platform")
def every_tile(window: Window, platform: Platform, attach: Attach) -> None:
    attach("The dashboard", window.screenshot())
    assert window.headings(3) == [name for name in platform.components if name not in platform.unavailable]


@then("every component that it stands on is shown as healthy")
def all_healthy(platform: Platform, person: Person) -> None:
    session = dashboard(platform, person)
    session.open(person.credentials)
    for name in platform.graph.closure([Dashboard.name]):
        session.wait_until_shown(name, "healthy")


@given(parsers.re(r'the dashboard shows "(?P<name>[^"]+)" as "(?P<state>[^"]+)"'))
@then(parsers.re(r'the dashboard shows "(?P<name>[^"]+)" as "(?P<state>[^"]+)"'))
def shown_as(platform: Platform, person: Person, name: str, state: str) -> None:
    dashboard(platform, person).wait_until_shown(name, state)


@when(parsers.re(r'the person follows the tile\'s link to "(?P<name>[^"]+)"'))
def follow_link(window: Window, platform: Platform, name: str) -> None:
    window.press(platform.component(name).endpoints()[0].host, "link")


@then(parsers.re(r'a page of "(?P<name>[^"]+)" opens, and no password is asked for'))
def page_of(window: Window, platform: Platform, attach: Attach, name: str) -> None:
    window.arrives(platform.component(name).endpoints()[0].url)
    attach(f"A page of {name}", window.screenshot())


@when(parsers.re(r'the person presses "(?P<key>[^"]+)" and types "(?P<word>[^"]+)"'))
def type_word(window: Window, key: str, word: str) -> None:
    window.shows("Find", "searchbox")  # it is there once the page listens to keys
    window.type(key, word)


@then(parsers.re(r'the page shows the tile of "(?P<name>[^"]+)" alone'))
def only_tile(window: Window, attach: Attach, name: str) -> None:
    attach("What is found", window.screenshot())
    assert window.headings(3) == [name]


@then(parsers.re(r'pressing "(?P<key>[^"]+)" opens the page of "(?P<name>[^"]+)"'))
def opened_by_key(window: Window, platform: Platform, key: str, name: str) -> None:
    window.type(key)
    window.arrives(f"{platform.component(Dashboard.name).endpoints()[0].url}/components/{name}")


@then("the charts of the dashboard say what the metrics API says")
def charts_agree(platform: Platform, person: Person) -> None:
    both = dashboard(platform, person).wait_until_measured_as(platform.api)
    shown, told = both["shown"], both["told"]
    assert {name: {key: node[key] for key in ("cpu", "memory")} for name, node in shown["nodes"].items()} == told
    cores = sum(_number(used["cpu"]) for used in told.values())
    gib = sum(_number(used["memory"]) for used in told.values()) / 2**30
    assert (shown["charts"]["cpu"]["used"], shown["charts"]["memory"]["used"]) == (f"{cores:.2f}", f"{gib:.1f}")


@then("the chart of storage says how full a node is")
def storage_charted(platform: Platform, person: Person) -> None:
    storage = dashboard(platform, person).overview()["charts"]["storage"]
    assert 0 < float(storage["used"]) <= float(storage["of"])


@when(parsers.re(r'the person opens the log of a pod of "(?P<name>[^"]+)" from its tile'))
def open_log(window: Window, attach: Attach, name: str) -> None:
    window.press(name, "link")
    window.shows("Events", "heading")
    attach(f"What an administrator sees of {name}", window.screenshot())
    window.press(f"Log of {name}", "link")


@then(parsers.re(r'the page of "(?P<name>[^"]+)" shows the person neither pods nor events'))
def nothing_inside(platform: Platform, person: Person, name: str) -> None:
    page = dashboard(platform, person).component(name)
    assert f"<h1>{name}" in page
    assert not [word for word in ("Pods", "Events", "Log of", _a_pod(platform, name)) if word in page]


@then(parsers.re(r'the dashboard refuses the person the pods, events and logs of "(?P<name>[^"]+)" by their addresses'))
def refused_by_address(platform: Platform, person: Person, name: str) -> None:
    session = dashboard(platform, person)
    assert [session.ask(path).status_code for path in _inside(platform, name)] == [FORBIDDEN] * 3


@then(parsers.re(r'also when the person claims to be of "(?P<group>[^"]+)", it refuses those of "(?P<name>[^"]+)"'))
def refused_with_claims(platform: Platform, person: Person, group: str, name: str) -> None:
    session, claims = dashboard(platform, person), _claims(group)
    assert [session.ask(path, claims).status_code for path in _inside(platform, name)] == [FORBIDDEN] * 3


@then(parsers.re(r'the dashboard itself shows nothing to a program in the cluster that claims to be of "(?P<group>[^"]+)"'))
def no_way_around(platform: Platform, throwaway_pods: ThrowawayPods, group: str) -> None:
    node = platform.cluster().nodes[-1].name
    pod = throwaway_pods.on(node)[node]
    server = platform.api.list("Pod", Dashboard.namespace, labels="app.kubernetes.io/name=dashboard-server")[0]["status"]["podIP"]
    for path in ("/", "/api/overview", *_inside(platform, "keycloak")):
        page = throwaway_pods.fetch(pod, server, 8080, path, _claims(group))
        assert "login only" in page, f"{path}: {page[:200]}"


@then("accessibility rules find nothing serious on the page, light and dark, on a desk and on a phone")
def accessible(window: Window) -> None:
    for scheme in ("light", "dark"):
        for width in (1280, 375):
            assert not window.accessibility_faults(scheme, width), f"{scheme}, {width} wide"


@then(parsers.re(r'nor do they on the page of "(?P<name>[^"]+)"'))
def component_accessible(window: Window, name: str) -> None:
    window.press(name, "link")
    window.shows("Events", "heading")
    accessible(window)


def opens(platform: Platform, person: Person) -> None:
    """A person signs in and sees tiles."""
    session = dashboard(platform, person)
    wait_until_served(platform.access.http, session.url, COMES_S)
    session.open(person.credentials)
    session.wait_until_shown(Dashboard.name, "healthy")


def _inside(platform: Platform, name: str) -> list[str]:
    """Where pods, events and a log of a component are."""
    pod = _a_pod(platform, name)
    return [f"/api/components/{name}/pods", f"/api/components/{name}/events", f"/components/{name}/pods/{pod}/{name}"]


def _a_pod(platform: Platform, name: str) -> str:
    found: str = workloads.pods(platform.api, workloads.live(platform.api, platform.objects(name)))[0]["metadata"]["name"]
    return found


def _claims(group: str) -> dict[str, str]:
    """What the login proxy would say of a member, without what proves that it was the proxy."""
    return {"X-Forwarded-Groups": group, "X-Forwarded-User": "somebody", "X-Forwarded-Preferred-Username": "somebody"}


def _number(quantity: str) -> float:
    unit = quantity.lstrip("0123456789.")
    return float(quantity.removesuffix(unit)) * {**BYTES, **CORES, "": 1}[unit]
