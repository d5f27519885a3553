"""The console as a signed-in person's browser uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from converge.components.minio.login import console_url
from converge.http import checked
from converge.sso import LoginRefused
from converge.sso.browser import message

if TYPE_CHECKING:
    from requests import Response

    from converge.inventory import Inventory
    from converge.sso import Browser, Credentials


class ConsoleSession:
    """A person in the console; the session's rights are the person's."""

    def __init__(self, inventory: Inventory, browser: Browser) -> None:
        self.url = console_url(inventory)
        self._browser = browser

    def open(self, credentials: Credentials | None) -> None:
        """Sign in with the platform login.

        Raises:
            LoginRequired: the platform login asks for a password, and there is none to type.
            LoginRefused: the console let nobody in; ``seen`` is what it said.
        """
        page = self._browser.visit(f"{self.url}/browser", credentials)
        if page.answer.status_code != 200:
            raise LoginRefused("the console to open", seen=message(page))
        checked(self._browser.http.get(f"{self.url}/api/v1/session"), "the console's session")

    def objects(self, bucket: str) -> Sequence[str]:
        """The names of what the bucket holds, as the console lists them."""
        answer = checked(
            self._browser.http.get(f"{self.url}/api/v1/buckets/{bucket}/objects", params={"recursive": "true"}), f"bucket {bucket}"
        )
        return [item["name"] for item in answer.json().get("objects") or ()]

    def upload(self, bucket: str, name: str, content: bytes, *, origin: str = "") -> Response:
        """Send a file as the console's page does, or a page at another ``origin``."""
        return self._browser.http.post(
            f"{self.url}/api/v1/buckets/{bucket}/objects/upload",
            params={"prefix": name},
            files={str(len(content)): (name, content)},
            headers={"Origin": origin or self.url},
        )

    def close(self) -> None:
        """Press "Sign out"."""
        checked(self._browser.http.post(f"{self.url}/api/v1/logout", json={"state": ""}, headers={"Origin": self.url}), "signing out")
