"""AWX as its users meet it: people in its pages, and programs that start a job and read what it said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from converge.apis.awx import ENDED, Awx
from converge.components.awx.server import SIGN_ON, url
from converge.errors import NotReady

if TYPE_CHECKING:
    from converge.inventory import Inventory
    from converge.sso import Browser, Credentials

PAUSE_S = 2.0
"""AWX tells nobody by itself that a job has ended."""


def signed_in(inventory: Inventory, browser: Browser, credentials: Credentials) -> Awx:
    """AWX as a person sees it who has signed in with the platform login."""
    browser.visit(f"{url(inventory)}{SIGN_ON}", credentials)
    return Awx(browser.http, url(inventory), None)


def wait_until_ended(awx: Awx, job: int, deadline_s: float) -> dict[str, Any]:
    """The job when it has ended, however it did.

    Raises:
        NotReady: it has not.
    """
    ends_at = time.monotonic() + deadline_s
    while (seen := awx.job(job))["status"] not in ENDED:
        if time.monotonic() > ends_at:
            raise NotReady(f"job {job} of AWX to end", seen=f"it is {seen['status']} after {deadline_s:.0f} s")
        time.sleep(PAUSE_S)
    return seen
