"""The tables that faults and mutations leave behind, as a report reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converge.reporting import experiments
from converge.reporting.results import Experiment, ScenarioOutcome

FAULT = {"fault": "a kill", "promise": "It comes back.", "seen": "in 3 s", "outcome": "kept", "seconds": 3.0, "on": "2026-11-23"}
MUTATION = {
    "mutation": "no limits",
    "component": "minio",
    "scenarios": ["features/core/minio.feature::MinIO runs bounded"],
    "verdict": "survived",
    "seen": "wanted: limits\nseen:   none",
    "seconds": {"break": 1.0},
}


def write(root: Path, path: Path, rows: object) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(rows if isinstance(rows, str) else json.dumps(rows))


def test_faults_and_mutations_are_read_with_promise_and_day(tmp_path: Path) -> None:
    write(tmp_path, experiments.FAULTS, {"tests/faults/test_it.py::test_a_kill": FAULT})
    write(tmp_path, experiments.MUTATIONS, [{**MUTATION, "on": "2026-11-20"}])
    assert experiments.faults(tmp_path) == (Experiment("a kill", "It comes back.", "in 3 s", "kept", "2026-11-23"),)
    (mutation,) = experiments.mutations(tmp_path)
    assert (mutation.promise, mutation.seen, mutation.on) == ("turns red: “MinIO runs bounded”", "none", "2026-11-20")
    assert mutation.outcome is ScenarioOutcome.FAILED


def test_a_row_without_a_day_has_that_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, experiments.MUTATIONS, [MUTATION])
    (mutation,) = experiments.mutations(tmp_path)
    assert len(mutation.on) == len("2026-11-23")


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": {}}', "null"])
def test_what_cannot_be_read_counts_as_absent(tmp_path: Path, content: str) -> None:
    assert experiments.faults(tmp_path) == ()
    write(tmp_path, experiments.FAULTS, content)
    write(tmp_path, experiments.MUTATIONS, content)
    assert experiments.faults(tmp_path) == ()
    assert experiments.mutations(tmp_path) == ()


def test_the_tables_of_this_checkout_are_understood() -> None:
    root = Path(__file__).resolve().parents[2]
    for path, read in ((experiments.FAULTS, experiments.faults), (experiments.MUTATIONS, experiments.mutations)):
        if (root / path).exists():
            assert len(read(root)) == len(json.loads((root / path).read_text()))
