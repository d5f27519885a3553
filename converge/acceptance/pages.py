"""The pages of the whole platform that sign people in: which open to a browser as it is, and which follow the platform login's end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from converge.components.login_proxy.session import ProxiedSession
from converge.errors import NotReady
from converge.kubernetes import workloads
from converge.sso import LoginRefused, LoginRequired

if TYPE_CHECKING:
    from converge.components.terms import Endpoint
    from converge.engine.platform import Platform
    from converge.sso import Browser

PAUSE_S = 1.0
"""No page tells by itself that somebody's session has ended."""


def signing_on(platform: Platform) -> list[Endpoint]:
    """Every page that signs people in, of all components that can exist with this inventory."""
    places = [place for name in platform.possible for place in platform.component(name).endpoints()]
    return [place for place in places if place.sign_on]


def closed(places: Iterable[Endpoint], browser: Browser) -> dict[str, str]:
    """Those that do not open to a browser as it is, and what they say: ``{"https://argo.thinkube.test": "the login form of …"}``."""
    said = {place.url: _refusal(place, browser) for place in places}
    return {url: text for url, text in said.items() if text}


def wait_until_closed(places: Iterable[Endpoint], browser: Browser, deadline_s: float) -> None:
    """Wait until none of them opens any more.

    Raises:
        NotReady: some still do at the deadline.
    """
    still, end = list(places), time.monotonic() + deadline_s
    while still := [place for place in still if not _refusal(place, browser)]:
        if time.monotonic() > end:
            seen = f"{', '.join(place.url for place in still)} after {deadline_s:.0f} s"
            raise NotReady("no page open to whoever signed out", seen=seen, next_command="pytest features/ -m sso")
        time.sleep(PAUSE_S)


def starts(platform: Platform, names: Iterable[str]) -> dict[str, int]:
    """Each pod that components run for ever, by its uid, with how often its containers were started again."""
    objects = [item for name in names for item in platform.component(name).objects(platform.context)]
    pods = workloads.pods(platform.api, workloads.live(platform.api, objects, workloads.LASTING))
    return {pod["metadata"]["uid"]: sum(one["restartCount"] for one in pod["status"].get("containerStatuses", ())) for pod in pods}


def _refusal(place: Endpoint, browser: Browser) -> str:
    """What it says where it does not open; nothing where it does."""
    try:
        page = ProxiedSession(place.url, browser).open(None, place.sign_on)
    except (LoginRefused, LoginRequired) as refusal:
        return refusal.seen
    return "" if page.url.startswith(f"{place.url}/") else f"it leads to {page.place}"
