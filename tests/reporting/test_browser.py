"""The document in a real browser: with a keyboard, on a phone, in the dark, on paper, and for a screen reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from converge.images import tools
from converge.reporting import reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 812}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    program = tools.browser()
    assert program, tools.command(tools.BROWSER.values())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)
        yield browser
        browser.close()


@pytest.fixture
def document(make_run, tmp_path: Path) -> str:
    reports.write(replace(make_run(is_bad=False), started_at=make_run().started_at - 86400), tmp_path)
    return reports.write(make_run(), tmp_path)[0].as_uri()


@pytest.fixture
def page(browser: Browser, document: str) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(document)
    yield page
    context.close()
    assert [url for url in asked if not url.startswith("data:")] == [document]
    assert not complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(page: Page, scheme: str, size: dict[str, int]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.get_by_role("button", name="Open all").click()
    found = Axe().run(page).response["violations"]
    told = [f"{each['impact']}: {each['help']}: {each['nodes'][0]['html'][:200]}" for each in found]
    assert not told


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_everything_in_reading_order(page: Page) -> None:
    names = []
    for _ in range(200):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim().replace(/\\s+/g, ' ') || document.activeElement.name"))
    assert names[:3] == ["Skip to the content", "Summary", "Attention"]
    order = [names.index(name) for name in ("Skip to the content", "Environment", "harbor", "text", "Open all", "What was written")]
    assert order[0] < order[1] < order[3] < order[4]
    assert any("Every workload of storage is ready" in name for name in names)


def test_the_keyboard_opens_a_scenario(page: Page) -> None:
    first = page.locator("details.scenario").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.get_by_text("a throw-away person").is_visible()


def test_words_and_outcomes_narrow_what_is_shown(page: Page) -> None:
    page.get_by_role("searchbox", name="Find").fill("keycloak rolled")
    assert page.locator("details.scenario:visible").count() == 1
    assert page.get_by_text("1 of 80 scenarios", exact=True).is_visible()
    page.get_by_role("searchbox", name="Find").fill("")
    for name in ("passed", "blocked", "unavailable"):
        page.get_by_role("checkbox", name=name).uncheck()
    assert page.locator("details.scenario:visible").count() == 1
    assert page.get_by_text("turned away by minio").last.is_visible()


def test_a_link_opens_its_scenario_even_where_the_filter_hides_it(page: Page) -> None:
    page.get_by_role("searchbox", name="Find").fill("nothing like it")
    assert page.locator("details.scenario:visible").count() == 0
    page.get_by_role("cell", name="failed 1/2").get_by_role("link").click()
    page.get_by_text("403 for a person who is not in the group storage-users").wait_for(state="visible")  # the page hears of it later


def test_each_outcome_is_a_word_not_only_a_colour(page: Page) -> None:
    row = page.get_by_role("row", name="minio").first
    assert [cell.inner_text().split()[0] for cell in row.get_by_role("cell").all()] == [
        "passed",
        "passed",
        "passed",
        "failed",
        "passed",
        "passed",
        "failed",
    ]


def test_a_screenshot_is_shown_with_what_it_shows(page: Page) -> None:
    page.get_by_role("button", name="Open all").click()
    picture = page.get_by_role("img", name="What a signed-in person sees of keycloak")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640


def test_it_can_be_read_without_scripts(browser: Browser, document: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(document)
    assert not page.get_by_role("searchbox").is_visible()
    page.get_by_text("Every workload of keycloak is ready").first.click()
    assert page.get_by_text('the person uses "keycloak"').first.is_visible()
    context.close()


def test_paper_holds_what_is_folded_on_a_screen(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Contents").is_visible()
    assert page.get_by_text('the person uses "storage"').first.is_visible()
    assert page.pdf().startswith(b"%PDF")
