"""The pages and their addresses: tiles for everybody who has signed in, pods, events and logs for administrators."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from . import inside
from .api import NotAnswered
from .catalogue import Component
from .charts import HEIGHT, WIDTH, chart
from .observer import Observer
from .people import Doorkeeper, Person
from .tiles import Overview, overview, tile
from .usage import MEASURES

HERE = Path(__file__).parent
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[Request, Person], Awaitable[Response]]


class Pages:
    """``Pages(observer, doorkeeper, "thinkube.test", "cluster-admins").app`` is the application."""

    def __init__(self, observer: Observer, doorkeeper: Doorkeeper, domain: str, administrators: str) -> None:
        self._observer = observer
        self._doorkeeper = doorkeeper
        self._administrators = administrators
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals.update(domain=domain, width=WIDTH, height=HEIGHT, administrators=administrators, lines=inside.LINES)
        self.app = Starlette(
            routes=[
                Route("/", self._for_people(self._front)),
                Route("/components/{name}", self._for_people(self._component)),
                Route("/components/{name}/pods/{pod}/{container}", self._for_administrators(self._log)),
                Route("/api/overview", self._for_people(self._overview)),
                Route("/api/components/{name}/pods", self._for_administrators(self._pods)),
                Route("/api/components/{name}/events", self._for_administrators(self._events)),
                Route("/healthz", self._ready),
                Route("/livez", _alive),
                Mount("/static", StaticFiles(directory=HERE / "static")),
            ],
            exception_handlers={HTTPException: self._refuse, httpx.HTTPError: self._unreachable, NotAnswered: self._unreachable},
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        looking = asyncio.create_task(self._observer.run())
        yield
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await self._observer.close()

    # Who may see what

    def _for_people(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if (person := self._doorkeeper.person(request.headers)) is None:
                raise HTTPException(403, "This page opens through the platform's login only.")
            return await handler(request, person)

        return answer

    def _for_administrators(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request, person: Person) -> Response:
            if not self._is_administrator(person):
                raise HTTPException(403, f"Pods, events and logs are for people of the group {self._administrators}.")
            return await handler(request, person)

        return self._for_people(answer)

    def _is_administrator(self, person: Person) -> bool:
        return self._administrators in person.groups

    # Pages

    async def _front(self, request: Request, person: Person) -> Response:
        return self._page("front.html", person, overview=await self._look(), charts=self._charts())

    async def _component(self, request: Request, person: Person) -> Response:
        await self._observer.fresh()
        found, seen = self._named(request), self._observer.seen
        shown: dict[str, Any] = {"tile": tile(found, seen), "component": found, "is_administrator": self._is_administrator(person)}
        if self._is_administrator(person):
            shown["pods"] = await inside.pods(self._observer.api, found, seen)
            shown["events"] = await inside.events(self._observer.api, found, seen)
        return self._page("component.html", person, **shown)

    async def _log(self, request: Request, person: Person) -> Response:
        found, pod, container = await self._container(request)
        previous = "previous" in request.query_params
        try:
            text = await inside.log(self._observer.api, pod, container, previous=previous)
        except NotAnswered:
            text = ""  # no such container has run yet
        return self._page("log.html", person, component=found, pod=pod, container=container, previous=previous, text=text)

    def _page(self, name: str, person: Person, **names: Any) -> HTMLResponse:
        looked_at = datetime.fromtimestamp(self._observer.looked_at, UTC)
        return HTMLResponse(self._templates.get_template(name).render(person=person, looked_at=looked_at, **names), headers=HEADERS)

    # Data

    async def _overview(self, request: Request, person: Person) -> Response:
        shown = await self._look()
        last = self._observer.history.last
        return JSONResponse(
            {
                "components": [{"name": one.name, "state": one.state.value, "text": one.text} for one in shown.tiles],
                "charts": {one.key: {"used": one.used, "of": one.of, "measured": one.measured} for one in self._charts()},
                "nodes": dict(last.nodes) if last else {},
            },
            headers=HEADERS,
        )

    async def _pods(self, request: Request, person: Person) -> Response:
        await self._observer.fresh()
        found = await inside.pods(self._observer.api, self._named(request), self._observer.seen)
        return JSONResponse([asdict(one) for one in found], headers=HEADERS)

    async def _events(self, request: Request, person: Person) -> Response:
        await self._observer.fresh()
        found = await inside.events(self._observer.api, self._named(request), self._observer.seen)
        return JSONResponse([asdict(one) for one in found], headers=HEADERS)

    async def _ready(self, request: Request) -> Response:
        """Whether there is something to show: the cluster was looked at."""
        return PlainTextResponse("ok" if self._observer.looked_at else "not yet", 200 if self._observer.looked_at else 503)

    # What they ask

    async def _look(self) -> Overview:
        await self._observer.fresh()
        return overview(self._observer.components, self._observer.seen)

    def _charts(self) -> list[Any]:
        return [chart(measure, self._observer.history) for measure in MEASURES]

    def _named(self, request: Request) -> Component:
        name = request.path_params["name"]
        found = next((one for one in self._observer.components if one.name == name), None)
        if found is None:
            raise HTTPException(404, "The platform has no such component.")
        return found

    async def _container(self, request: Request) -> tuple[Component, inside.Pod, str]:
        """A container of the component's own pods: an address opens no others."""
        await self._observer.fresh()
        found, wanted = self._named(request), request.path_params
        pods = await inside.pods(self._observer.api, found, self._observer.seen)
        pod = next((one for one in pods if one.name == wanted["pod"] and wanted["container"] in one.containers), None)
        if pod is None:
            raise HTTPException(404, "The component has no such pod now.")
        return found, pod, wanted["container"]

    async def _refuse(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - that is what it handles
        return self._told(request, error.status_code, error.detail)

    async def _unreachable(self, request: Request, error: Exception) -> Response:
        return self._told(request, 503, f"The cluster did not answer: {error or type(error).__name__}")

    def _told(self, request: Request, status: int, text: str) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": text}, status, headers=HEADERS)
        page = self._templates.get_template("refused.html").render(status=status, text=text)
        return HTMLResponse(page, status, headers=HEADERS)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("ok")
