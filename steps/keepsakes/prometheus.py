"""Prometheus keeps a sample that it has taken: asked about that moment again, it says the same."""

from __future__ import annotations

from collections.abc import Iterator

from converge.acceptance.samples import wait_until_measured
from converge.apis.prometheus import Sample
from converge.components.prometheus.server import server
from converge.engine.platform import Platform
from converge.waiting import COMES_S
from steps.keepsakes import Check, keepsake

SERIES = "prometheus_tsdb_head_samples_appended_total[1m]"
"""A counter of its own: no two samples of it are alike."""


@keepsake("prometheus")
def sample(platform: Platform) -> Iterator[Check]:
    (kept, *_) = wait_until_measured(server(platform.api), SERIES, COMES_S)
    yield lambda: is_there(platform, kept)


def is_there(platform: Platform, kept: Sample) -> None:
    assert kept in wait_until_measured(server(platform.api), SERIES.replace("1m", "1s"), COMES_S, at=kept.time)
