"""The pages in a real browser: readable by everybody, on a phone, in the dark, without a mouse and without scripts."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn

from converge import surroundings
from converge.images import tools
from converge.images.recipes.dashboard.dashboard import usage
from tests.dashboard.conftest import headers
from tests.dashboard.fake_cluster import an_hour, pod

pytestmark = pytest.mark.slow
PAGES = ("/", "/components/minio-console", "/components/minio/pods/minio-0/minio", "/nothing")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    program = tools.browser()
    if program is None:
        pytest.skip("no browser on this machine")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--no-proxy-server"], env=dict(surroundings.tools())
        )
        yield browser
        browser.close()


@pytest.fixture
def address(pages, cluster) -> Iterator[str]:
    cluster.workloads["minio-console"]["status"]["readyReplicas"] = 0
    cluster.pods[0] = pod("minio-console-6c9f7", "minio-console", "minio", ready=False, restarts=4, reason="CrashLoopBackOff")
    an_hour(pages._observer.history, usage.sample([], [], {}))
    server = uvicorn.Server(uvicorn.Config(pages.app, port=0, log_level="warning"))
    serving = threading.Thread(target=server.run)
    serving.start()
    while not server.started:
        serving.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    serving.join()


@pytest.fixture
def page(browser, address):
    context = browser.new_context(extra_http_headers=headers("cluster-admins"), viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "404" not in message.text else None)
    page.goto(address)
    yield page
    context.close()
    assert not complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_axe_finds_nothing(page, address, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for path in PAGES:
        page.goto(address + path)
        found = Axe().run(page).response["violations"]
        assert not [f"{path}: {each['impact']}: {each['help']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_is_wider_than_the_window(page, address, width):
    page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_keyboard_finds_a_component_and_opens_it(page):
    page.keyboard.press("/")
    page.keyboard.type("keycloak 26")
    assert page.get_by_role("heading", level=3).all_inner_texts() == ["keycloak"]
    assert page.get_by_text("1 of 15", exact=True).is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("heading", level=3).count() == 15
    page.keyboard.press("/")
    page.keyboard.type("backup")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="postgres-backup", level=1).wait_for()


def test_what_is_shown_is_renewed_by_itself_and_the_search_stays(page, cluster):
    page.keyboard.press("/")
    page.keyboard.type("minio-console")
    assert page.get_by_text("not healthy", exact=False).first.is_visible()
    cluster.workloads["minio-console"]["status"]["readyReplicas"] = 1
    page.get_by_role("heading", name="All 15 components are healthy").wait_for(timeout=60_000)
    assert page.get_by_role("heading", level=3).all_inner_texts() == ["minio-console"]


def test_it_can_be_read_without_scripts(browser, address):
    context = browser.new_context(java_script_enabled=False, extra_http_headers=headers())
    page = context.new_page()
    page.goto(address)
    assert page.get_by_role("heading", level=3).count() == 15
    assert not page.get_by_role("searchbox").is_visible()
    context.close()
