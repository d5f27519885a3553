"""An application behind the login proxy, as a person's browser uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from converge.http import checked
from converge.sso import LoginRefused, LoginRequired
from converge.sso.browser import message

if TYPE_CHECKING:
    import requests

    from converge.sso import Browser, Credentials, Page


class ProxiedSession:
    """A person at an application; ``url`` is its host's."""

    def __init__(self, url: str, browser: Browser) -> None:
        self.url = url
        self._browser = browser

    def open(self, credentials: Credentials | None, path: str = "/") -> Page:
        """Open a page with the platform login.

        Raises:
            LoginRequired: the platform login asks for a password, and there is none to type.
            LoginRefused: the proxy let nobody in; ``seen`` is what it said.
        """
        page = self._browser.visit(f"{self.url}{path}", credentials)
        if page.answer.status_code == 401:
            raise LoginRequired(f"{self.url} to open", seen="401: data is refused where a page would lead to the login")
        if page.answer.status_code == 403:
            raise LoginRefused(f"{self.url} to open", seen=f"403 {message(page)}")
        checked(page.answer, f"page {page.place}")
        return page

    def ask(self, path: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        """Whatever is said at an address."""
        return self._browser.http.get(f"{self.url}{path}", headers=dict(headers or {}), allow_redirects=False)

    def close(self) -> None:
        """Sign out, here and at the platform login."""
        self._browser.http.get(f"{self.url}/oauth2/sign_out", allow_redirects=False)
