"""Browser: what people see when they look at the platform's pages; what they saw is in the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pytest_bdd import given, parsers, then, when

from converge.acceptance import certificates
from converge.acceptance.browser import Chromium, Window
from converge.apis.devpi import Release
from converge.components.argo_cd import server as deliveries
from converge.components.argo_workflows import consumers as workflows
from converge.components.argo_workflows.component import SIGN_ON
from converge.components.devpi.server import PRODUCTION
from converge.components.keycloak.people import Person
from converge.components.keycloak.realm import ADMINISTRATOR_SECRET, REALM
from converge.components.minio.login import console_url
from converge.components.mkdocs.site import HOST as DOCUMENTATION
from converge.engine.platform import Platform
from converge.errors import Refused
from converge.inventory import Inventory
from converge.sso import Browser, Credentials

Attach = Callable[..., None]

PAGES: dict[str, Callable[[Inventory], str]] = {
    "account console": lambda inventory: f"https://{inventory.host('auth')}/realms/{REALM}/account",
    "administration console": lambda inventory: f"https://{inventory.host('auth')}/admin/master/console/#/{REALM}/realm-settings",
    "MinIO console": lambda inventory: f"{console_url(inventory)}/browser",
    "package index": lambda inventory: f"https://{inventory.host('devpi')}/{PRODUCTION}",
    "Argo CD": lambda inventory: f"{deliveries.url(inventory)}{deliveries.SIGN_ON}",
    "Argo Workflows": lambda inventory: f"{workflows.url(inventory)}{SIGN_ON}",
    "documentation": lambda inventory: f"https://{inventory.host(DOCUMENTATION)}/",
    "dashboard": lambda inventory: f"https://{inventory.host('dashboard')}/",
    "experiments": lambda inventory: f"https://{inventory.host('mlflow')}/",
    "databases": lambda inventory: f"https://{inventory.host('pgadmin')}/",
    "notebooks": lambda inventory: f"https://{inventory.host('jupyter')}/hub/user-redirect/lab",
    "metrics": lambda inventory: f"https://{inventory.host('prometheus')}/",
    "ingress dashboard": lambda inventory: f"https://{inventory.host('ingress-dashboard')}/dashboard/",
}
"""What people call a page → where it is."""

NOTICES = {"MinIO console": "Acknowledge"}
"""Page → the button that takes away what it shows everybody once."""


@pytest.fixture(scope="session")
def chromium(platform: Platform, inventory: Inventory) -> Iterator[Chromium]:
    """One browser process for the run (or for each of its workers)."""
    browser = Chromium(inventory.domain_name, platform.cluster().ingress_address, platform.ca_pem())
    yield browser
    browser.close()


@pytest.fixture
def window(chromium: Chromium) -> Iterator[Window]:
    """A person's own window."""
    with chromium.window() as window:
        yield window


@given("Keycloak's administrator", target_fixture="person")
def keycloak_administrator(platform: Platform) -> Person:
    password = platform.access.secret("keycloak", ADMINISTRATOR_SECRET, "password")
    credentials = Credentials("admin", password, f"keycloak/{ADMINISTRATOR_SECRET}")
    return Person("", credentials, Browser(platform.access.http))


@given(parsers.re(r'the person is signed in to the "(?P<page>[^"]+)" with a browser'))
@when(parsers.re(r'the person signs in to the "(?P<page>[^"]+)" with a browser'))
def sign_in(window: Window, inventory: Inventory, person: Person, page: str) -> None:
    window.sign_in(PAGES[page](inventory), person.credentials)
    if page in NOTICES:
        window.press(NOTICES[page])


@when(parsers.re(r'the person tries the "(?P<page>[^"]+)" with a browser and a wrong password'))
def try_to_sign_in(window: Window, inventory: Inventory, person: Person, page: str) -> None:
    window.try_to_sign_in(PAGES[page](inventory), replace(person.credentials, password="wrong"))  # noqa: S106


@then(parsers.re(r'the page shows the (?P<role>heading|gridcell|link|region) "(?P<name>[^"]+)"'))
def page_shows_role(window: Window, attach: Attach, role: str, name: str) -> None:
    _shows(window, attach, name, role)


@then(parsers.re(r'the page shows "(?P<name>[^"]+)"'))
def page_shows(window: Window, attach: Attach, name: str) -> None:
    _shows(window, attach, name)


@then("the page shows the person's name")
def page_shows_person(window: Window, person: Person) -> None:
    assert window.value("Username") == person.name


@then(parsers.re(r'the link "(?P<link>[^"]+)" leads to the person\'s name'))
def link_leads_to_person(window: Window, attach: Attach, person: Person, link: str) -> None:
    window.press(link, "link")
    _shows(window, attach, person.name)


@then(parsers.re(r'the link "(?P<link>[^"]+)" leads to "(?P<name>[^"]+)"'))
def link_leads_to(window: Window, attach: Attach, link: str, name: str) -> None:
    window.press(link, "link")
    _shows(window, attach, name)


@then("the page shows that bucket")
def page_shows_bucket(window: Window, attach: Attach, bucket: str) -> None:
    _shows(window, attach, bucket)


@then("the page shows that package")
def page_shows_package(window: Window, attach: Attach, release: Release) -> None:
    _shows(window, attach, release.project)


@when("the person uploads a file on the page of that bucket")
def upload(window: Window, inventory: Inventory, bucket: str) -> None:
    _open_bucket(window, inventory, bucket)
    window.press("Upload")
    window.upload("Upload File", "uploaded.txt", b"hello")


@then("the page of that bucket offers the person no upload")
def page_offers_no_upload(window: Window, inventory: Inventory, attach: Attach, bucket: str) -> None:
    _open_bucket(window, inventory, bucket)
    attach("What a person sees who may only look", window.screenshot())
    window.shows("Upload", "button")
    assert not window.can_press("Upload"), "the page lets the person press Upload"


@then(parsers.re(r'a browser that trusts another authority does not open the "(?P<page>[^"]+)"'))
def stranger_refused(platform: Platform, inventory: Inventory, page: str) -> None:
    stranger = Chromium(inventory.domain_name, platform.cluster().ingress_address, certificates.another_ca())
    try:
        with stranger.window() as window, pytest.raises(Refused, match="CERT_AUTHORITY_INVALID"):
            window.visit(PAGES[page](inventory))
    finally:
        stranger.close()


def _open_bucket(window: Window, inventory: Inventory, bucket: str) -> None:
    window.visit(f"{console_url(inventory)}/browser/{bucket}")
    window.shows("letters", "gridcell")


def _shows(window: Window, attach: Attach, name: str, role: str = "") -> None:
    try:
        window.shows(name, role)
    finally:
        attach(f"The page with {name}", window.screenshot())
