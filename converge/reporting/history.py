"""The last runs: how each ended, and how each scenario fared, so that a report can say what is new and what comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from converge.reporting.results import Results, ScenarioOutcome

KEPT = 30
_LETTERS = {
    ScenarioOutcome.PASSED: "p",
    ScenarioOutcome.FAILED: "f",
    ScenarioOutcome.BLOCKED: "b",
    ScenarioOutcome.UNAVAILABLE: "u",
    ScenarioOutcome.NOT_RUN: "-",
}


@dataclass(frozen=True)
class PastRun:
    """One run in numbers."""

    started_at: float
    seconds: float
    command: str
    exit_code: int
    counts: dict[ScenarioOutcome, int]


@dataclass(frozen=True)
class History:
    """Runs, oldest first, and for each scenario one letter a run: ``"pp-f"`` (not in the third, failed in the last)."""

    runs: tuple[PastRun, ...] = ()
    scenarios: Mapping[str, str] = field(default_factory=dict)

    def with_run(self, results: Results) -> History:
        """This history and one run more, at most ``KEPT``."""
        run = PastRun(results.started_at, results.seconds, results.command, results.exit_code, results.counts)
        now = {scenario.nodeid: _LETTERS[scenario.outcome] for scenario in results.scenarios}
        before = dict.fromkeys(now, "-" * len(self.runs)) | dict(self.scenarios)
        letters = {nodeid: (past + now.get(nodeid, "-"))[-KEPT:] for nodeid, past in before.items()}
        return History((*self.runs, run)[-KEPT:], {nodeid: past for nodeid, past in letters.items() if past.strip("-")})

    def bad_runs(self, nodeid: str) -> tuple[int, int]:
        """In how many runs a scenario failed or was blocked, and in how many it ran: ``(1, 12)``."""
        past = self.scenarios.get(nodeid, "")
        return past.count("f") + past.count("b"), len(past) - past.count("-")

    def turned(self) -> tuple[list[str], list[str]]:
        """The scenarios that fail since the last run, and those that pass again; what is blocked is told once, at its cause."""
        broken, mended = [], []
        for nodeid, past in self.scenarios.items():
            now, before = past[-1:], past[:-1].rstrip("-")[-1:]
            if before == "p" and now == "f":
                broken.append(nodeid)
            elif before in ("f", "b") and now == "p":
                mended.append(nodeid)
        return broken, mended


def read(path: Path) -> History:
    """The history in a file; an unreadable one is put aside, since a report must not fail for it."""
    try:
        return _adapter().validate_json(path.read_bytes())
    except FileNotFoundError:
        return History()
    except (ValidationError, ValueError):
        path.replace(path.with_suffix(".unreadable.json"))
        return History()


def as_json(history: History) -> bytes:
    """What ``read`` reads."""
    return _adapter().dump_json(history, indent=1)


@cache
def _adapter() -> TypeAdapter[History]:
    return TypeAdapter(History)
