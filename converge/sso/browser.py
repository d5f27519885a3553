"""A person's browser without a screen: cookies, redirects, and a hand that fills in the login form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urljoin, urlsplit

from converge.errors import Refused
from converge.http import checked, excerpt, sibling
from converge.kubernetes.secrets import changed_there

if TYPE_CHECKING:
    import requests

MOST_HOPS = 20


class LoginRefused(Refused):
    """The login page said no; ``seen`` is what it said."""

    usual_next = "pytest features/ -m keycloak"


class WrongPassword(LoginRefused):
    """Unknown user, wrong password, or an account that is locked for a while: on purpose the page says the same."""


class AccountDisabled(LoginRefused):
    """The password is right, but the account may not be used."""


class LoginRequired(Refused):
    """Nobody is signed in in this browser (any more)."""

    usual_next = "pytest features/ -m keycloak"


@dataclass(frozen=True)
class Credentials:
    """What a person types; ``secret`` names the Secret that the password is kept in, where it is: ``keycloak/realm-admin``."""

    username: str
    password: str = field(repr=False)
    secret: str = ""


@dataclass(frozen=True)
class Page:
    """Where a browser ended: the document at ``url``, or the address that it was not to follow (``answer`` is then the redirect)."""

    url: str
    answer: requests.Response

    @property
    def place(self) -> str:
        """The address without its query, which may hold codes."""
        return self.url.partition("?")[0]

    @property
    def parameters(self) -> dict[str, str]:
        """The query of the address, first values only."""
        return {key: values[0] for key, values in parse_qs(urlsplit(self.url).query).items()}


class Browser:
    """One person's browser: its own cookies, and a form filler."""

    def __init__(self, http: requests.Session) -> None:
        self.http = sibling(http)
        self.http.headers["Accept-Language"] = "en"
        self.http.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"

    def visit(self, url: str, credentials: Credentials | None = None, *, until: str = "") -> Page:
        """Open a page, sign in where a login form comes up, and follow redirects, but none to an address that starts with ``until``.

        Raises:
            LoginRequired: a login form came up and there is nobody to fill it in.
            WrongPassword, AccountDisabled, LoginRefused: the login page said no.
        Unreachable: the ingress has nobody behind the page.
        """
        page = self._follow("GET", url, None, until)
        form = _login_form(page)
        if form is None:
            return page
        if credentials is None:
            raise LoginRequired("a signed-in browser", seen=f"the login form of {urlsplit(page.url).netloc}")
        action, fields = form
        page = self._follow("POST", action, fields | {"username": credentials.username, "password": credentials.password}, until)
        if _login_form(page) is not None:
            raise _refusal(credentials, message(page))
        return page

    def _follow(self, method: str, url: str, fields: Mapping[str, str] | None, until: str) -> Page:
        for _ in range(MOST_HOPS):
            answer = self.http.request(method, url, data=fields, allow_redirects=False)
            if answer.status_code in (502, 503, 504):
                checked(answer, f"a page of {urlsplit(url).netloc}")
            if not answer.is_redirect:
                return Page(url, answer)
            url = urljoin(url, answer.headers["Location"])
            if until and url.startswith(until):
                return Page(url, answer)
            method, fields = "GET", None
        raise Refused(
            f"{urlsplit(url).netloc} to end its redirects", seen=f"{MOST_HOPS} of them", next_command="pytest features/ -m keycloak"
        )


def _login_form(page: Page) -> tuple[str, dict[str, str]] | None:
    """The address and fields of the form that asks for a password."""
    if "html" not in page.answer.headers.get("Content-Type", ""):
        return None
    document = _document(page)
    for form in document.find_all("form"):
        if form.find("input", attrs={"type": "password"}):
            inputs = form.find_all("input", attrs={"name": True})
            fields = {str(item["name"]): str(item.get("value", "")) for item in inputs if item.get("type") not in ("submit", "checkbox")}
            return urljoin(page.url, str(form.get("action") or page.url)), fields
    return None


def message(page: Page) -> str:
    """What a page of Keycloak tells the person: the error beside a field, the alert, or else its title."""
    document = _document(page)
    for selector in ("[id^=input-error]", ".kc-feedback-text", ".pf-m-danger", "#kc-error-message", "#kc-page-title", "title"):
        if (found := document.select_one(selector)) is not None and (text := found.get_text(" ", strip=True)):
            return excerpt(text)
    return f"{page.answer.status_code} {page.answer.reason}"


def _refusal(credentials: Credentials, message: str) -> LoginRefused:
    kind = AccountDisabled if "disabled" in message.lower() else WrongPassword if "invalid" in message.lower() else LoginRefused
    ways_back = changed_there(credentials.secret, "Keycloak") if credentials.secret and kind is WrongPassword else {}
    return kind(f"{credentials.username} signed in", seen=message, **ways_back)


def _document(page: Page) -> Any:
    from bs4 import BeautifulSoup

    return BeautifulSoup(page.answer.text, "html.parser")
