"""A real browser without a window: Debian's Chromium, driven by Playwright.

It trusts the platform's CA through its own certificate store, beside the public ones, and verifies every page; it finds the
platform's hosts by its own resolver rules, so neither the machine's trust nor its names are touched.
Source: Chromium "Linux Cert Management" (NSS database below HOME), Playwright for Python.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from converge import surroundings
from converge.errors import Missing, NotReady, Refused, Unreachable
from converge.http import excerpt
from converge.images import tools
from converge.process import run
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from converge.sso import Credentials

TRIES = 3
"""Chromium breaks its connections whenever an interface of the machine comes or goes, such as another cluster's."""

SIZE = (1280, 900)
NAMED_KEYS = frozenset({"Enter", "Escape", "Tab"})
SERIOUS = frozenset({"serious", "critical"})
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)
"""It asks nobody for anything but the pages that it is sent to, and nobody on the way to them."""

T = TypeVar("T")


class Chromium:
    """One browser process; each window is a person's own and knows nothing of the others.

    Playwright's synchronous interface belongs to the thread that opened it and runs an event loop there, so it gets a thread
    of its own: the caller's may run whatever it likes.
    """

    def __init__(self, domain: str, address: str, ca_pem: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="browser")
        self._closing = contextlib.ExitStack()
        program = _program()
        self._browser = self.do(lambda: self._launch(program, domain, address, ca_pem))

    def do(self, work: Callable[[], T]) -> T:
        """Run something in the browser's thread."""
        return self._thread.submit(work).result()

    @contextlib.contextmanager
    def window(self) -> Iterator[Window]:
        """A new person's window, closed at the end."""
        context = self.do(lambda: self._browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, locale="en-GB"))
        try:
            yield Window(self, self.do(context.new_page))
        finally:
            self.do(context.close)

    def close(self) -> None:
        """End the process."""
        self.do(self._closing.close)
        self._thread.shutdown()

    def _launch(self, program: str, domain: str, address: str, ca_pem: str) -> Browser:
        from playwright.sync_api import sync_playwright

        home = Path(self._closing.enter_context(tempfile.TemporaryDirectory(prefix="thinkube-browser-")))
        _trust(home, ca_pem)
        driver = self._closing.enter_context(sync_playwright())
        arguments = [*QUIET, f"--host-resolver-rules=MAP *.{domain} {address}, MAP {domain} {address}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # its sandbox needs an ordinary user
        environment: dict[str, str | float | bool] = {**surroundings.tools(), "HOME": str(home)}
        browser = driver.chromium.launch(executable_path=program, headless=True, env=environment, args=arguments)
        self._closing.callback(browser.close)
        return browser


class Window:
    """A person's window on the platform; everything is found as that person would: by its accessible role and name."""

    def __init__(self, chromium: Chromium, page: Page) -> None:
        self._chromium = chromium
        self._page = page
        page.set_default_timeout(COMES_S * 1000)

    @property
    def url(self) -> str:
        """The address without its query, which may hold codes."""
        return self._do(lambda: self._page.url.partition("?")[0])

    def visit(self, url: str) -> int:
        """Open a page; the status of the document that redirects led to.

        Raises:
            Refused: its certificate is not to be trusted.
            Unreachable: nobody answered.
        """
        return self._do(lambda: self._visit(url))

    def sign_in(self, url: str, credentials: Credentials) -> None:
        """Open a page, and fill in the platform's login form where it leads to.

        Raises:
            NotReady: there is no login form, or it stays.
        """
        self.try_to_sign_in(url, credentials)
        password = self._page.locator("input[type=password]")
        self._do(lambda: self._waiting("the login to be accepted", lambda: password.wait_for(state="detached")))

    def try_to_sign_in(self, url: str, credentials: Credentials) -> None:
        """Open a page, and send the platform's login form with these words."""
        self.visit(url)
        self._do(lambda: self._fill_in(credentials))

    def shows(self, name: str, role: str = "") -> None:
        """Wait until something of that accessible name (and role: "heading", "button", "link" …), or that text, can be seen.

        Raises:
            NotReady: it cannot; ``seen`` is what the page shows instead.
        """
        what = f'{role or "text"} "{name}" on the page'
        self._do(lambda: self._waiting(what, lambda: self._found(name, role).first.wait_for(state="visible")))

    def press(self, name: str, role: str = "button") -> None:
        """Press a button or link."""
        self._do(lambda: self._waiting(f'{role} "{name}" to press', lambda: self._found(name, role).first.click()))

    def unfold(self, name: str) -> None:
        """Open something in a tree, by pressing its name twice."""
        item = self._page.get_by_text(name, exact=True).first
        self._do(lambda: self._waiting(f'"{name}" in a tree to unfold', item.dblclick))

    def upload(self, name: str, file: str, content: bytes) -> None:
        """Press what opens the choice of a file, and choose this one."""

        def choose(item: Locator) -> None:
            with self._page.expect_file_chooser() as choice:
                item.click()
            choice.value.set_files({"name": file, "mimeType": "application/octet-stream", "buffer": content})

        self._do(lambda: self._waiting(f'"{name}" to open the choice of a file', lambda: choose(self._found(name, "").first)))

    def can_press(self, name: str, role: str = "button") -> bool:
        """Whether there is now such a button or link that can be pressed."""
        return self._do(lambda: any(item.is_enabled() for item in self._found(name, role).all()))

    def headings(self, level: int) -> list[str]:
        """What the headings of a level say that can be seen."""
        return self._do(lambda: [item.inner_text() for item in self._page.get_by_role("heading", level=level).all() if item.is_visible()])

    def type(self, *keys: str) -> None:
        """Press keys one after the other, wherever the keyboard is: "/", "Enter", or a word letter by letter."""
        keyboard = self._page.keyboard
        for key in keys:
            self._do(lambda key=key: keyboard.press(key) if len(key) == 1 or key in NAMED_KEYS else keyboard.type(key))  # type: ignore[misc]

    def arrives(self, url: str) -> None:
        """Wait until the page is one below this address.

        Raises:
            NotReady: it is another one.
        """
        self._do(lambda: self._waiting(f"a page of {url}", lambda: self._page.wait_for_url(lambda seen: seen.startswith(url))))

    def accessibility_faults(self, scheme: Literal["light", "dark"], width: int) -> list[str]:
        """What the rules of axe find serious or critical on the page as it is now, in a colour scheme and a width of the window."""
        return self._do(lambda: self._accessibility_faults(scheme, width))

    def value(self, label: str) -> str:
        """What stands in the field of that label."""
        field = self._page.get_by_label(label)
        self._do(lambda: self._waiting(f"field {label}", lambda: field.wait_for(state="visible")))
        return self._do(field.input_value)

    def screenshot(self) -> bytes:
        """What can be seen now, as PNG."""
        return self._do(lambda: self._page.screenshot())

    def _do(self, work: Callable[[], T]) -> T:
        return self._chromium.do(work)

    def _found(self, name: str, role: str) -> Locator:
        if role:
            # Playwright lists every role that ARIA has; a feature names one of them.
            return self._page.get_by_role(role, name=name)  # type: ignore[arg-type]
        return self._page.get_by_text(name, exact=False).or_(self._page.get_by_label(name))

    def _visit(self, url: str) -> int:
        from playwright.sync_api import Error

        for _ in range(TRIES):
            try:
                answer = self._page.goto(url, wait_until="domcontentloaded")
            except Error as error:
                reason, failure = excerpt(error.message.partition("\n")[0]), error
                if "ERR_NETWORK_CHANGED" not in reason:
                    break
            else:
                return answer.status if answer else 0
        kind = Refused if "ERR_CERT" in reason or "ERR_SSL" in reason else Unreachable
        raise kind(f"page {url.partition('?')[0]}", seen=reason) from failure

    def _accessibility_faults(self, scheme: Literal["light", "dark"], width: int) -> list[str]:
        from axe_playwright_python.sync_playwright import Axe

        self._page.emulate_media(color_scheme=scheme)
        self._page.set_viewport_size({"width": width, "height": SIZE[1]})
        found = Axe().run(self._page).response["violations"]
        return [f"{each['impact']}: {each['help']}: {excerpt(each['nodes'][0]['html'])}" for each in found if each["impact"] in SERIOUS]

    def _fill_in(self, credentials: Credentials) -> None:
        page = self._page

        def fill() -> None:
            page.get_by_role("textbox", name="Username").fill(credentials.username)
            page.locator("input[type=password]").fill(credentials.password)
            page.get_by_role("button", name="Sign In").click()

        self._waiting("a login form", fill)

    def _waiting(self, what: str, work: Callable[[], None]) -> None:
        from playwright.sync_api import Error, TimeoutError

        try:
            work()
        except TimeoutError as error:
            raise NotReady(what, seen=self._seen(), cause=f"not within {COMES_S:.0f} s") from error
        except Error as error:
            raise NotReady(what, seen=self._seen(), cause=excerpt(error.message)) from error

    def _seen(self) -> str:
        """What a person would say is there: address, title, headings and alerts."""
        texts = self._page.locator("h1:visible, h2:visible, [role=alert]:visible").all_inner_texts()
        return excerpt(" · ".join([self._page.url.partition("?")[0], self._page.title(), *texts]))


def _program() -> str:
    program, absent = tools.browser(), tools.absent(tools.BROWSER)
    if program is None or absent:
        raise Missing("a browser for what people look at", seen=f"not installed: {', '.join(absent)}", next_command=tools.command(absent))
    return program


def _trust(home: Path, ca_pem: str) -> None:
    """Make the certificate store that Chromium reads, with the platform's CA in it."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"])
    run(["certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "thinkube"], stdin=ca_pem)
