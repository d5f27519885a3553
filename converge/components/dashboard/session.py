"""The dashboard as a signed-in person's browser uses it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from converge.components.login_proxy.session import ProxiedSession
from converge.errors import NotReady
from converge.waiting import COMES_S

if TYPE_CHECKING:
    from converge.kubernetes.client import Api

PAUSE_S = 0.5
"""The dashboard looks at the cluster when it is asked, not more often than every two seconds, and cannot be watched."""


class DashboardSession(ProxiedSession):
    """A person at the dashboard."""

    def overview(self) -> Mapping[str, Any]:
        """What the front page shows, as data."""
        found: Mapping[str, Any] = self.open(None, "/api/overview").answer.json()
        return found

    def component(self, name: str) -> str:
        """The page of a component, as text."""
        return self.open(None, f"/components/{name}").answer.text

    def wait_until_shown(self, name: str, state: str) -> None:
        """Wait until a component's tile says this.

        Raises:
            NotReady: it says something else; ``seen`` is what.
        """
        end = time.monotonic() + COMES_S
        while (seen := {one["name"]: one for one in self.overview()["components"]}[name])["state"] != state:
            if time.monotonic() > end:
                raise NotReady(f"{name} shown as {state}", seen=f"{seen['state']}: {seen['text']}")
            time.sleep(PAUSE_S)

    def wait_until_measured_as(self, api: Api) -> Mapping[str, Any]:
        """Wait until what is shown was measured when the metrics API's own numbers were, and give both: ``shown`` and ``told``.

        Raises:
            NotReady: it always was another moment.
        """
        end = time.monotonic() + COMES_S
        while True:
            shown, told = self.overview(), {item["metadata"]["name"]: item for item in api.list("NodeMetrics.metrics.k8s.io")}
            moments = {name: node["measured"] for name, node in shown["nodes"].items()}
            if moments and moments == {name: item["timestamp"] for name, item in told.items()}:
                return {"shown": shown, "told": {name: item["usage"] for name, item in told.items()}}
            if time.monotonic() > end:
                raise NotReady("the dashboard's numbers of the metrics API's moment", seen=str(moments or "no numbers"))
            time.sleep(PAUSE_S)
