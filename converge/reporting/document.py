"""The living document: one HTML file that holds the specification and what is true of it, and asks for nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import jinja2

from converge.reporting.history import History
from converge.reporting.promises import by_component, matrix
from converge.reporting.results import ComponentResult, Failure, Feature, Results, Scenario, ScenarioOutcome
from converge.reporting.timeline import timeline

_TEMPLATES = Path(__file__).parent / "templates"
AREAS = {"infrastructure": "Infrastructure", "core": "Core", "optional": "Optional", "platform": "Across components"}
_WITHOUT = "Without scenarios in this run"


@dataclass(frozen=True)
class Chapter:
    """A feature with its scenarios."""

    feature: Feature
    scenarios: Sequence[Scenario]


@dataclass(frozen=True)
class Section:
    """A component with its features, or (without one) the features that speak of none."""

    component: ComponentResult | None
    area: str
    chapters: Sequence[Chapter]


@dataclass(frozen=True)
class Cause:
    """What keeps scenarios from passing, each cause once, with the scenarios that wait for it."""

    component: ComponentResult
    components: Sequence[ComponentResult]
    scenarios: Sequence[Scenario]

    @property
    def reach(self) -> str:
        """``It blocks keycloak and minio; 14 scenarios could not be tried``."""
        names = _listed([component.name for component in self.components])
        count = f"{_number(len(self.scenarios))} could not be tried"
        return f"It blocks {names}; {count}" if names else count


def as_html(results: Results, history: History) -> str:
    """The document; ``results`` are shown as they are, so they have to be clean."""
    broken, mended = history.turned()
    names = {scenario.nodeid: scenario for scenario in results.scenarios}
    outcomes = {outcome: [each for each in results.scenarios if each.outcome is outcome] for outcome in ScenarioOutcome}
    rows = matrix(results)
    causes = _causes(results, outcomes[ScenarioOutcome.BLOCKED])
    unavailable = _unavailable(results, outcomes[ScenarioOutcome.UNAVAILABLE])
    return _page().render(
        results=results,
        total=sum(results.counts.values()),
        attention=any((causes, unavailable, outcomes[ScenarioOutcome.FAILED], broken, mended)),
        counts={outcome.value: number for outcome, number in results.counts.items()},
        verdict=verdict(results),
        causes=causes,
        outcomes={outcome.value: scenarios for outcome, scenarios in outcomes.items()},
        unavailable=unavailable,
        matrix=rows,
        rows={row.component.name: row for row in rows},
        areas=_areas(results),
        experiments=(
            ("Faults", results.faults, "kept their promise", "make faults"),
            ("Mutations", results.mutations, "turned the right scenario red, for the right reason", "make mutations"),
        ),
        timeline=timeline(results),
        history=history,
        tallest=max((sum(run.counts.values()) for run in history.runs), default=0) or 1,
        broken=[names[nodeid] for nodeid in broken if nodeid in names],
        mended=[names[nodeid] for nodeid in mended if nodeid in names],
    )


def verdict(results: Results) -> str:
    """The run in one sentence: ``3 of 212 scenarios failed, 14 are blocked.``."""
    counts, ran = results.counts, len(results.scenarios)
    failed = [component for component in results.components if component.result == "failed"]
    parts = []
    if failed:
        parts.append(f"{_listed([component.name for component in failed])} did not converge")
    if bad := counts[ScenarioOutcome.FAILED]:
        parts.append(f"{bad} of {_number(ran)} failed")
    if blocked := counts[ScenarioOutcome.BLOCKED]:
        parts.append(f"{blocked} {'is' if blocked == 1 else 'are'} blocked")
    if missing := counts[ScenarioOutcome.NOT_RUN]:
        parts.append(f"{missing} did not run")
    if not parts:
        passed = counts[ScenarioOutcome.PASSED]
        parts.append(
            (f"All {_number(ran)} passed" if passed != 1 else "The one scenario passed") if passed == ran else f"{_number(passed)} passed"
        )
        if not ran:
            parts = ["No scenario ran"]
    if unavailable := counts[ScenarioOutcome.UNAVAILABLE]:
        parts.append(f"{unavailable} {'is' if unavailable == 1 else 'are'} unavailable here")
    return f"{', '.join(parts)}."


def duration(seconds: float) -> str:
    """``0.04`` is "40 ms", ``75`` is "1 min 15 s"."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def clock(seconds: float) -> str:
    """A place on the time axis: ``75`` is "1:15"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _areas(results: Results) -> Mapping[str, Sequence[Section]]:
    """Sections by the heading under which they stand, in the platform's order."""
    groups = by_component(results)
    features = {feature.path: feature for feature in results.features}
    sections = [Section(component, "", _chapters(groups.get(component.name, ()), features)) for component in results.components]
    sections.append(Section(None, "platform", _chapters(groups.get("", ()), features)))
    found: dict[str, list[Section]] = {}
    for section in sections:
        if section.chapters or section.component:
            area = section.area or _area(section)
            found.setdefault(AREAS.get(area, _WITHOUT), []).append(section)
    return {title: found[title] for title in (*AREAS.values(), _WITHOUT) if title in found}


def _area(section: Section) -> str:
    tags = [tag for chapter in section.chapters for tag in chapter.feature.tags]
    return next((tag for tag in tags if tag in AREAS), "")


def _chapters(scenarios: Sequence[Scenario], features: Mapping[str, Feature]) -> list[Chapter]:
    paths = dict.fromkeys(scenario.feature for scenario in scenarios)
    return [
        Chapter(features.get(path) or Feature(path, path, "", (), ""), [scenario for scenario in scenarios if scenario.feature == path])
        for path in paths
    ]


def _causes(results: Results, blocked: Sequence[Scenario]) -> list[Cause]:
    return [
        Cause(
            component,
            [other for other in results.components if other.result == "blocked" and other.by == component.name],
            [each for each in blocked if each.failure and each.failure.seen == f"blocked by {component.name}"],
        )
        for component in results.components
        if component.result == "failed"
    ]


def _unavailable(results: Results, scenarios: Sequence[Scenario]) -> Mapping[str, Sequence[ComponentResult | Scenario]]:
    """What is unavailable, by reason."""
    found: dict[str, list[ComponentResult | Scenario]] = {}
    for component in results.components:
        if component.result == "unavailable":
            found.setdefault(component.text, []).append(component)
    for scenario in scenarios:
        found.setdefault(_brief(scenario.failure) if scenario.failure else "", []).append(scenario)
    return found


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _number(count: int) -> str:
    return f"{count:,} scenario{'' if count == 1 else 's'}"


def _slug(outcome: str) -> str:
    return outcome.replace(" ", "-")


def _outcome(result: str) -> str:
    return "passed" if result == "converged" else result


def _brief(failure: Failure) -> str:
    """The failure in one line."""
    lines = (failure.seen or failure.text).strip().splitlines()
    return lines[0] if lines else ""


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


@cache
def _page() -> jinja2.Template:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= {
        "duration": duration,
        "clock": clock,
        "moment": _moment,
        "iso": _iso,
        "slug": _slug,
        "brief": _brief,
        "outcome": _outcome,
    }
    templates.globals["style"] = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    templates.globals["script"] = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    return templates.get_template("page.html")
