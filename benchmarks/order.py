#!/usr/bin/env python3
"""Whether order and processes matter: all features again and again on the platform that runs, each time in another order.

``python benchmarks/order.py --inventory inventory/local.yaml --runs 20`` first verifies it with one process, as files and graph have
it, then with four in random order; every scenario is to end in the same way each time. What was different is said with its seed:
``--seed 7`` starts with that one.
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
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verify-only", action="store_true", help="change nothing: without converging, and without what takes pods away")
    arguments = parser.parse_args()
    options = ["--inventory", arguments.inventory, *(["--verify-only"] if arguments.verify_only else [])]
    alone_s, wanted = verified(*options, "-n", "0")
    print(f"one process, in order: {alone_s:.1f} s, {said(wanted)}", flush=True)
    seconds, differing = [], 0
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        took_s, outcomes = verified(*options, "-n", "4", seed=seed)
        seconds.append(took_s)
        print(f"four processes, seed {seed}: {took_s:.1f} s, {said(outcomes)}", flush=True)
        for name in sorted(wanted.keys() | outcomes.keys()):
            if outcomes.get(name) != wanted.get(name):
                differing += 1
                print(f"  {name}: {outcomes.get(name)} instead of {wanted.get(name)}")
    median_s = statistics.median(seconds)
    print(f"median {median_s:.1f} s, {alone_s / median_s:.1f} times as fast as one process (wanted {FASTER}); {differing} outcomes differ")
    return int(differing > 0 or alone_s / median_s < FASTER)


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
