"""What was broken on purpose, and what was seen: read from the tables that those tests leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from converge.reporting.results import Experiment

FAULTS = Path("build/faults/faults.json")
MUTATIONS = Path("build/mutations/mutations.json")


def faults(root: Path) -> tuple[Experiment, ...]:
    """The table of tests/faults; empty where they have not run in this checkout."""
    return _read(root / FAULTS, _fault)


def mutations(root: Path) -> tuple[Experiment, ...]:
    """The table of tests/mutations; empty where they have not run in this checkout."""
    return _read(root / MUTATIONS, _mutation)


def _fault(row: dict[str, Any], day: str) -> Experiment:
    return Experiment(row["fault"], row["promise"], _line(row["seen"]), row["outcome"], row.get("on", day))


def _mutation(row: dict[str, Any], day: str) -> Experiment:
    scenarios = ", ".join(f"“{scenario.rpartition('::')[2]}”" for scenario in row["scenarios"])
    return Experiment(row["mutation"], f"turns red: {scenarios}", _line(row["seen"]), row["verdict"], row.get("on") or day)


def _read(path: Path, experiment: Callable[[dict[str, Any], str], Experiment]) -> tuple[Experiment, ...]:
    """What cannot be read is as good as absent: a report must not fail for it."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d")
        return tuple(experiment(row, day) for row in (rows.values() if isinstance(rows, dict) else rows))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _line(seen: str) -> str:
    """What was seen, of an error's text; pytest's own marks go."""
    return "; ".join(_words(seen))


def _words(seen: str) -> Iterator[str]:
    lines = [line.removeprefix("E ").strip() for line in seen.splitlines() if line.strip()]
    named = [line.removeprefix("seen:").strip() for line in lines if line.startswith("seen:")]
    yield from named or lines
