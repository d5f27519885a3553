"""Looks at the cluster every ten seconds, and sooner where somebody opens a page: what is shown is never older than a moment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
import time
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from . import catalogue, usage
from .api import Api, NotAnswered, Object
from .catalogue import Component
from .health import PART_OF, Seen
from .usage import History

EVERY_S = 10.0
FRESH_S = 2.0
PAGE_S = 5.0
RECORDS = "/api/v1/namespaces/thinkube-system/configmaps"
KINDS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}

logger = logging.getLogger("dashboard")


class Observer:
    """Keeps the newest of everything: ``components``, ``seen``, ``history``; one look at a time, whoever asks.

    ``components`` is where the API server has the list of them: asked, not mounted, so that a new one is there at once.
    """

    def __init__(self, api: Api, components: str, ca: Path | None = None, pages: httpx.AsyncBaseTransport | None = None) -> None:
        self.api = api
        self.components: Sequence[Component] = ()
        self.seen = Seen(trouble="the cluster was not looked at yet")
        self.history = History()
        self.looked_at = 0.0
        """When (seconds since 1970)."""
        self._listed = components
        self._looking = asyncio.Lock()
        self._http = httpx.AsyncClient(verify=_trust(ca), timeout=PAGE_S, transport=pages, trust_env=False)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("a look at the cluster broke")  # the next may not
            await asyncio.sleep(EVERY_S)

    async def fresh(self) -> None:
        """Look, unless somebody just did."""
        await self.look(FRESH_S)

    async def look(self, age_s: float = 0.0) -> None:
        """Look at everything, each part for itself: what cannot be had leaves the others as they are."""
        async with self._looking:
            if time.time() - self.looked_at < age_s:
                return
            try:
                self.components = catalogue.read(await self.api.get(self._listed))
                self.seen = await self._see()
                await self._measure(self.seen.nodes)
            except (httpx.HTTPError, NotAnswered) as error:
                logger.warning("the cluster could not be looked at: %s", _reason(error))
                self.seen = Seen(trouble=f"the cluster could not be looked at: {_reason(error)}")
            self.looked_at = time.time()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
        await self.api.close()

    async def _see(self) -> Seen:
        lists: list[Awaitable[list[Object]]] = [
            self._kind(kind, f"/apis/apps/v1/{name}", labelSelector=PART_OF) for kind, name in KINDS.items()
        ]
        lists += [
            self._kind("CronJob", "/apis/batch/v1/cronjobs", labelSelector=PART_OF),
            self._kind("Job", "/apis/batch/v1/jobs"),
            self._kind("Node", "/api/v1/nodes"),
        ]
        found, answers, converged, acceptance = await asyncio.gather(
            asyncio.gather(*lists), self._answers(), self._record("record"), self._record("acceptance")
        )
        *workloads, cron_jobs, jobs, nodes = found
        return Seen([item for some in workloads for item in some], cron_jobs, jobs, nodes, answers, converged, acceptance)

    async def _kind(self, kind: str, path: str, **params: str) -> list[Object]:
        # A list names its items' kind once, for all.
        return [{**item, "kind": kind} for item in await self.api.list(path, **params)]

    async def _record(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        found = await self.api.find(f"{RECORDS}/{name}")
        entries: dict[str, Mapping[str, Any]] = {}
        for key, text in ((found or {}).get("data") or {}).items():
            with contextlib.suppress(ValueError):  # where a person's edit left no JSON
                entries[key] = json.loads(text)
        return entries

    async def _answers(self) -> Mapping[str, str]:
        asked = {probe.target: probe.kind for one in self.components for probe in one.probes if probe.kind in ("page", "name")}
        told = await asyncio.gather(*(self._page(at) if kind == "page" else _name(at) for at, kind in asked.items()))
        return dict(zip(asked, told, strict=True))

    async def _page(self, url: str) -> str:
        """What is wrong with a page; "" where it answers. Whoever is sent to a login, or refused, was answered."""
        host = url.split("/")[2]
        try:
            answer = await self._http.get(url, follow_redirects=False)
        except httpx.HTTPError as error:
            return f"{host} does not answer: {_reason(error)}"
        return f"{host} answers {answer.status_code}" if answer.status_code == 404 or answer.status_code >= 500 else ""

    async def _measure(self, nodes: Sequence[Object]) -> None:
        try:
            metrics = await self.api.list("/apis/metrics.k8s.io/v1beta1/nodes")
        except (httpx.HTTPError, NotAnswered) as error:
            logger.warning("no sample: %s", _reason(error))
            return
        addresses = {node["metadata"]["name"]: _address(node) for node in nodes}
        disks = await asyncio.gather(*map(self._disk, addresses.values()))
        known = {name: found for name, found in zip(addresses, disks, strict=True) if found}
        self.history.add(usage.sample(metrics, nodes, known))

    async def _disk(self, address: str) -> usage.Amount | None:
        try:
            return usage.disk(await self.api.kubelet(address, "/stats/summary?only_cpu_and_memory=false"))
        except (httpx.HTTPError, NotAnswered) as error:
            logger.warning("storage of %s is unknown: %s", address, _reason(error))
            return None


async def _name(host: str) -> str:
    """What is wrong with a name; "" where it resolves."""
    try:
        await asyncio.get_running_loop().getaddrinfo(host, 443)
    except OSError as error:
        return f"{host} does not resolve: {error.strerror or error}"
    return ""


def _address(node: Object) -> str:
    return next((one["address"] for one in node["status"].get("addresses", ()) if one["type"] == "InternalIP"), "")


def _trust(ca: Path | None) -> ssl.SSLContext:
    """The public authorities, and the platform's own."""
    context = ssl.create_default_context()
    if ca is not None:
        context.load_verify_locations(cafile=str(ca))
    return context


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
