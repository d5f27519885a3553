"""Whether what components run serves now: by its own word and through the ingress, who both know it sooner than Kubernetes does.

Kubernetes calls a pod ready until a probe has failed a few times, and the ingress hears of that later still: right after something was
taken away, both may speak of the time before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from converge.errors import NotReady
from converge.kubernetes import workloads
from converge.progress import SILENCE

if TYPE_CHECKING:
    import requests

    from converge.components.terms import Endpoint
    from converge.engine.platform import Platform


NOBODY = (404, 500, 502, 503, 504)
"""What the ingress answers while nobody is there: no route, no pod, or nobody who says whether a request may pass."""


GRPC = {"Content-Type": "application/grpc"}
"""What a server that tells gRPC by it from everything else must be asked with; it says then that only calls are answered."""


def wait_until_serving(platform: Platform, names: Iterable[str], *, subject: str = "") -> None:
    """Wait until everything that some components run for ever is ready, says so when asked now, and is reached through the ingress.

    What is waited for is shown under ``subject``, where there is one.

    Raises:
        ObjectsNotReady: it cannot become so by itself, or not in time.
        NotReady: the ingress leads nowhere.
        Unreachable: it does not call itself ready in time.
    """
    from converge.kubernetes.wait import wait_until_ready

    progress = platform.progress if subject else SILENCE
    names, deadline_s = list(names), platform.inventory.deadlines.component_s
    running = [item for name in names for item in platform.objects(name) if item["kind"] in workloads.LASTING]
    wait_until_ready(platform.api, running, deadline_s, progress=progress, subject=subject)
    patient = platform.api.view(patience_s=deadline_s)
    for pod in workloads.pods(platform.api, workloads.live(platform.api, running)):
        for page in readiness_pages(pod):
            patient.read(page)
    wait_until_ready(platform.api, running, deadline_s, progress=progress, subject=subject)
    for name in names:
        wait_until_reached(platform, name, deadline_s)


def wait_until_reached(platform: Platform, name: str, deadline_s: float) -> None:
    """Wait until the ingress leads to a component from each of its hosts: it hears of routes and pods after they are there.

    Raises:
        NotReady: it still leads nowhere at the deadline.
    """
    ends_at = time.monotonic() + deadline_s
    for endpoint in platform.component(name).endpoints():
        wait_until_answered(platform.access.http, endpoint, max(1.0, ends_at - time.monotonic()))


def wait_until_answered(http: requests.Session, endpoint: Endpoint, deadline_s: float) -> requests.Response:
    """The first answer of a host's page, asked as who uses it would.

    Raises:
        NotReady: it still leads nowhere at the deadline.
    """
    return wait_until_served(http, endpoint.page_url, deadline_s, headers=GRPC if endpoint.name == "grpc" else None)


def wait_until_served(
    http: requests.Session, url: str, deadline_s: float, *, headers: Mapping[str, str] | None = None
) -> requests.Response:
    """The first answer that somebody gives; the ingress tells nobody when it has taken up a route, so it is asked, ten times a second.

    Raises:
        NotReady: it still leads nowhere at the deadline.
    """
    end = time.monotonic() + deadline_s
    while (answer := http.get(url, headers=headers, allow_redirects=False)).status_code in NOBODY:
        if time.monotonic() > end:
            raise NotReady(f"{url} to lead to its pod", seen=f"{answer.status_code} {answer.reason}")
        time.sleep(0.1)
    return answer


def readiness_pages(pod: dict[str, Any]) -> Iterator[str]:
    """Where the API server asks what a pod's readiness probes ask, without encryption: ``…/pods/keycloak-0:9000/proxy/health/ready``."""
    for container in pod["spec"]["containers"]:
        page = container.get("readinessProbe", {}).get("httpGet", {})
        if page.get("scheme") == "HTTP":
            ports = {port.get("name"): port["containerPort"] for port in container.get("ports", ())}
            port, metadata = ports.get(page["port"], page["port"]), pod["metadata"]
            yield f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}:{port}/proxy{page['path']}"
