"""A component is done when its hosts lead to it: the ingress hears of routes and pods after Kubernetes calls them ready."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from converge.components.terms import Endpoint
from converge.engine.outcome import Result


@pytest.fixture
def ingress(bench, monkeypatch):
    """What the ingress answers, one after the other; the addresses that it was asked for."""
    answers, asked, told = [500, 404, 302], [], []

    def get(url, headers=None, **_):
        asked.append(url)
        told.append(headers or {})
        code = answers.pop(0) if len(answers) > 1 else answers[0]
        return SimpleNamespace(status_code=code, reason="")

    bench.web.endpoints = lambda: (Endpoint("web", "web.thinkube.test", page="/health"),)
    bench.platform.__dict__["unavailable"] = {}
    bench.platform.__dict__["access"] = SimpleNamespace(http=SimpleNamespace(get=get))
    bench.platform.__dict__["graph"] = SimpleNamespace(closure=lambda names: ("cert-manager", *names))
    monkeypatch.setattr("converge.engine.serving.time", SimpleNamespace(sleep=lambda _: None, monotonic=time.monotonic))
    return SimpleNamespace(answers=answers, asked=asked, told=told)


def test_a_converge_that_wrote_ends_when_the_ingress_leads_to_it(bench, ingress) -> None:
    assert bench.converge().result is Result.CONVERGED
    assert ingress.asked == ["https://web.thinkube.test/health"] * 3


def test_a_converge_that_wrote_nothing_asks_for_no_page(bench, ingress) -> None:
    bench.converge()
    ingress.asked.clear()
    assert bench.converge().changes == ()
    assert ingress.asked == []


def test_a_host_for_grpc_is_asked_as_grpc_asks(bench, ingress) -> None:
    bench.web.endpoints = lambda: (Endpoint("web", "web.thinkube.test"), Endpoint("grpc", "web-grpc.thinkube.test"))
    ingress.answers[:] = [200]
    assert bench.converge().result is Result.CONVERGED
    assert ingress.told == [{}, {"Content-Type": "application/grpc"}]


def test_before_there_are_certificates_nothing_is_asked(bench, ingress) -> None:
    bench.platform.__dict__["graph"] = SimpleNamespace(closure=lambda names: tuple(names))
    bench.converge()
    assert ingress.asked == []
