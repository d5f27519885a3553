#!/usr/bin/env python3
"""How long ``pytest features/ --plan`` takes on the platform that runs: from the shell's prompt to the next one, and of that the engine.

``python benchmarks/plan.py --inventory inventory/local.yaml --runs 5``; nothing is written to the platform. After each plan, ``kubectl
apply --server-side --dry-run=server`` of the same objects (kubectl on PATH): what a user would have for them, settings and Secrets aside.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from converge.cli.inventory import components
from converge.engine.platform import Platform
from converge.inventory.reading import read

ROOT = Path(__file__).resolve().parents[1]
WALL_S, ENGINE_S = 5.0, 1.0


class Taken(NamedTuple):
    """Seconds of one plan, and what it said."""

    wall_s: float
    engine_s: float
    plan: dict[str, Any]


def main() -> int:
    """Plan several times, and say what it took."""
    parser = argparse.ArgumentParser(description="How long a plan takes.")
    parser.add_argument("--inventory", default="inventory/local.yaml")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    platform = Platform(read(ROOT / arguments.inventory, components=components()))
    with tempfile.TemporaryDirectory() as folder:
        objects = Path(folder, "objects.json")
        items = [item for name in platform.components if name not in platform.unavailable for item in platform.objects(name)]
        objects.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        pairs = [(planned(arguments.inventory), applied(objects, platform.cluster().kubeconfig)) for _ in range(arguments.runs)]
    taken = [plan for plan, _ in pairs]
    totals = {what: number for what, number in taken[-1].plan["totals"].items() if number} or "nothing to do"
    print(f"{len(taken[-1].plan['components'])} components: {totals}")
    is_reached = [
        told("from prompt to prompt", [one.wall_s for one in taken], WALL_S),
        told("of that the engine", [one.engine_s for one in taken], ENGINE_S),
    ]
    ratio = statistics.median(plan.wall_s / apply_s for plan, apply_s in pairs)
    print(f"times kubectl's own {statistics.median(apply_s for _, apply_s in pairs):.2f} s for the {len(items)} objects: {ratio:.2f}")
    return int(not all(is_reached))


def planned(inventory: str) -> Taken:
    """One plan in a process of its own."""
    command = [sys.executable, "-m", "pytest", "features/", "--plan", "--plan-format", "json", "--inventory", inventory]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - started
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    plan = json.loads(done.stdout)
    return Taken(wall_s, plan["seconds"], plan)


def applied(objects: Path, kubeconfig: Path | str) -> float:
    """Seconds that kubectl takes to ask the server about the same objects."""
    command = ["kubectl", "apply", "--server-side", "--dry-run=server", "--field-manager=thinkube", f"--filename={objects}"]
    started = time.perf_counter()
    done = subprocess.run(command, env=os.environ | {"KUBECONFIG": str(kubeconfig)}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - started


def told(what: str, seconds: list[float], wanted_s: float) -> bool:
    """Print one row; whether its median is below what is wanted."""
    median = statistics.median(seconds)
    print(f"{what}: {median:.2f} s ({min(seconds):.2f} to {max(seconds):.2f} s in {len(seconds)} runs); wanted: under {wanted_s:.0f} s")
    return median < wanted_s


if __name__ == "__main__":
    sys.exit(main())
