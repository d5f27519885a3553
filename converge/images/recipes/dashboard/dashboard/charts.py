"""A measure's last hour as a small line: coordinates for SVG, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .usage import KEPT_S, History, Measure, Sample

WIDTH, HEIGHT = 300, 56
SHORTEST_S = 600
"""As much time as the width stands for at first; then all that is known, up to an hour."""
PAUSE_S = 60
"""Where nothing was measured for so long, the line has a gap."""


@dataclass(frozen=True)
class Chart:
    """What the page shows of one measure; ``lines`` and ``areas`` are SVG points, empty where there is nothing to draw yet."""

    key: str
    title: str
    unit: str
    used: str = ""
    of: str = ""
    percent: int = 0
    words: str = "not measured yet"
    note: str = ""
    measured: str = ""
    lines: Sequence[str] = ()
    areas: Sequence[str] = ()


def chart(measure: Measure, history: History) -> Chart:
    """The chart of a measure; its height is all that there is, so that a full one looks full."""
    known = [sample for sample in history if measure.amount(sample) is not None]
    if not known:
        return Chart(measure.key, measure.title, measure.unit)
    last = known[-1]
    now = measure.amount(last)
    assert now is not None  # noqa: S101 - chosen above
    values = [found.used for found in map(measure.amount, known) if found]
    low, high = (measure.words(value) for value in (min(values), max(values)))
    minutes = max(1, round((last.taken_at - known[0].taken_at) / 60))
    window_s = min(KEPT_S, max(SHORTEST_S, last.taken_at - known[0].taken_at))
    runs = [[_point(measure, one, last, window_s) for one in run] for run in _runs(known)]
    return Chart(
        key=measure.key,
        title=measure.title,
        unit=measure.unit,
        used=measure.words(now.used),
        of=measure.words(now.of).removesuffix(".00").removesuffix(".0"),
        percent=round(100 * now.share),
        words=f"between {low} and {high} {measure.unit} in the last {minutes} min",
        note=last.fullest if measure.key == "storage" else "",
        measured=max(node["measured"] for node in last.nodes.values()) if last.nodes else "",
        lines=[" ".join(f"{x:.1f},{y:.1f}" for x, y in run) for run in runs if len(run) > 1],
        areas=[" ".join(f"{x:.1f},{y:.1f}" for x, y in [(run[0][0], HEIGHT), *run, (run[-1][0], HEIGHT)]) for run in runs if len(run) > 1],
    )


def _runs(samples: Sequence[Sample]) -> list[list[Sample]]:
    runs: list[list[Sample]] = []
    for sample in samples:
        if runs and sample.taken_at - runs[-1][-1].taken_at <= PAUSE_S:
            runs[-1].append(sample)
        else:
            runs.append([sample])
    return runs


def _point(measure: Measure, sample: Sample, last: Sample, window_s: float) -> tuple[float, float]:
    amount = measure.amount(sample)
    share = amount.share if amount else 0.0
    return WIDTH * (1 - (last.taken_at - sample.taken_at) / window_s), HEIGHT - 1 - (HEIGHT - 2) * share
