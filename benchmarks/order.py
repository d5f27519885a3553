#!/usr/bin/env python3
"""Whether order and processes matter: all features again and again on the platform that runs.

``python benchmarks/order.py --inventory inventory/local.yaml`` verifies it with one process and with four in turn (``--pairs``), both in
the order that a run has, and says how many times faster four are, pair by pair: machines are not equally fast at every moment. Then it
does so with four processes in random orders (``--runs``); every scenario is to end in the same way each time. What was different is said
with its seed: ``--seed 7`` starts with that one. ``--verify-only`` changes nothing and takes nothing away.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SEED = "THINKUBE_BENCHMARK_SEED"
FASTER = 2.0

Outcomes = dict[str, str]
"""``{"features/core/minio.feature::Nobody reads without an access key": "passed"}``."""


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """As a plugin: shuffle what everybody else has put in order, in every process alike."""
    yield
    if seed := os.environ.get(SEED):
        random.Random(seed).shuffle(items)  # noqa: S311


def main() -> int:
    """Run, compare, and say what it took."""
    parser = argparse.ArgumentParser(description="Whether order and processes matter.")
    parser.add_argument("--inventory", default="inventory/local.yaml")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify-only", action="store_true", help="change nothing: without converging, and without what takes pods away")
    arguments = parser.parse_args()
    options = ["--inventory", arguments.inventory, *(["--verify-only"] if arguments.verify_only else [])]
    compared = Compared()
    ratios = []
    for number in range(1, arguments.pairs + 1):
        alone_s = compared.run(f"pair {number}, one process", *options, "-n", "0")
        ratios.append(alone_s / compared.run(f"pair {number}, four processes", *options, "-n", "4"))
    seconds = [
        compared.run(f"four processes, seed {seed}", *options, "-n", "4", seed=seed)
        for seed in range(arguments.seed, arguments.seed + arguments.runs)
    ]
    faster = statistics.median(ratios) if ratios else FASTER
    if ratios:
        print(f"four processes are {faster:.2f} times as fast as one ({min(ratios):.2f} to {max(ratios):.2f}; wanted {FASTER})")
    if seconds:
        print(f"{len(seconds)} random orders: median {statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f} s)")
    print(f"{compared.differing} outcomes differ")
    return int(compared.differing > 0 or faster < FASTER)


class Compared:
    """Runs, each held against the outcomes of the first."""

    def __init__(self) -> None:
        self.differing = 0
        self._wanted: Outcomes | None = None

    def run(self, name: str, *options: str, seed: int | None = None) -> float:
        """Verify once more, say how it went, and return the seconds from prompt to prompt."""
        took_s, outcomes = verified(*options, seed=seed)
        print(f"{name}: {took_s:.1f} s, {said(outcomes)}", flush=True)
        wanted = self._wanted = self._wanted or outcomes
        for scenario in sorted(wanted.keys() | outcomes.keys()):
            if outcomes.get(scenario) != wanted.get(scenario):
                self.differing += 1
                print(f"  {scenario}: {outcomes.get(scenario)} instead of {wanted.get(scenario)}", flush=True)
        return took_s


def verified(*options: str, seed: int | None = None) -> tuple[float, Outcomes]:
    """Seconds from prompt to prompt, and how every scenario ended."""
    with tempfile.TemporaryDirectory() as reports:
        command = [sys.executable, "-m", "pytest", "features/", *options, "--report-dir", reports, "-p", "benchmarks.order"]
        environment = os.environ | ({SEED: str(seed)} if seed is not None else {})
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        took_s = time.perf_counter() - started
        try:
            results = json.loads((Path(reports) / "results.json").read_text())
        except FileNotFoundError:
            sys.exit(done.stdout + done.stderr)
    return took_s, {one["nodeid"]: one["outcome"] for one in results["scenarios"]}


def said(outcomes: Outcomes) -> str:
    """``135 passed``."""
    counts = {ending: list(outcomes.values()).count(ending) for ending in sorted(set(outcomes.values()))}
    return ", ".join(f"{count} {ending}" for ending, count in counts.items())


if __name__ == "__main__":
    sys.exit(main())
