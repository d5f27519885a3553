#!/usr/bin/env python3
"""How long the harness's own work takes on much data, each beside a yardstick: plain Python of a comparable kind on the same data.

``python benchmarks/scale.py --pairs 9``, or ``make benchmarks``. Work and yardstick run in turn in one process, and the processor time of
each pair is compared: seconds say more about the machine, and about what else runs on it, than about the work. Nothing is wanted here:
whoever changes one of these compares the ratio before and after. That work grows no faster than its data is tested by counting.
"""

from __future__ import annotations

import argparse
import copy
import graphlib
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from converge.engine.graph import Graph
from converge.kubernetes.desired import desired
from converge.kubernetes.difference import mismatches
from converge.redaction import Redactor
from converge.reporting import reports
from converge.reporting.results import as_json
from tests.kubernetes.fake_store import Store
from tests.reporting.conftest import run_of


class Work(NamedTuple):
    """What is measured, the plain Python beside it, and how often each is repeated so that a pair takes long enough."""

    name: str
    work: Callable[[], object]
    beside: str
    yardstick: Callable[[], object]
    times: int = 1


def main() -> int:
    """Measure each, and say what it took."""
    parser = argparse.ArgumentParser(description="How long the harness's own work takes, beside a yardstick.")
    parser.add_argument("--pairs", type=int, default=9)
    pairs = parser.parse_args().pairs
    for prepared in (redaction, graph, report, comparison):
        work = prepared()
        told(work, list(measured(work, pairs)))
    return 0


def measured(work: Work, pairs: int) -> Iterator[tuple[float, float]]:
    """Processor seconds of the work and of its yardstick, once for each pair; the very first, which fills caches, do not count."""
    work.work(), work.yardstick()
    for _ in range(pairs):
        yield spent(work.work, work.times) / work.times, spent(work.yardstick, work.times) / work.times


def spent(work: Callable[[], object], times: int) -> float:
    """Processor seconds of this process."""
    began = time.process_time()
    for _ in range(times):
        work()
    return time.process_time() - began


def told(work: Work, pairs: list[tuple[float, float]]) -> None:
    """Print one row."""
    took_s = statistics.median(took for took, _ in pairs)
    ratios = [took / yardstick for took, yardstick in pairs]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} pairs"
    print(f"{work.name}: {took_s * 1000:.1f} ms, {statistics.median(ratios):.2f} times as long as {work.beside} ({spread})", flush=True)


def redaction() -> Work:
    """A log in which now and then a secret stands."""
    values = [f"k7Hq2ZpX{number:03}mTr4VbN" for number in range(100)]
    redactor = Redactor()
    for value in values:
        redactor.add(value)
    lines = [f"2026-11-26T12:00:{number % 60:02} keycloak-0 INFO [org.keycloak.events] type=LOGIN, realm=thinkube" for number in range(99)]
    text = "\n".join([*lines, f"Authorization: Bearer {values[7]}", f'{{"password": "{values[99]}"}}', ""])
    text = (text * (1_000_000 // len(text) + 1))[:1_000_000]
    word = re.compile(r"\w+")
    return Work(
        "redaction of a megabyte with 100 secrets", lambda: redactor.redact(text),
        "finding its words by a regular expression", lambda: word.findall(text),
    )  # fmt: skip


def graph() -> Work:
    """Each component requires up to three of those before it."""
    requires = {f"c{number}": [f"c{number // part}" for part in (2, 3, 5) if number] for number in range(500)}
    requires = {name: [need for need in dict.fromkeys(needs) if need != name] for name, needs in requires.items()}

    def ordered() -> None:
        made = Graph(requires)
        made.closure(made.order)
        made.levels()
        made.longest_chain(dict.fromkeys(requires, 1.0))

    return Work(
        "order, closure, levels and longest chain of 500 components", ordered,
        "the order alone from graphlib", lambda: list(graphlib.TopologicalSorter(requires).static_order()),
        times=50,
    )  # fmt: skip


def report() -> Work:
    """Every file of the report folder: HTML, JUnit's results, Cucumber's, messages, history."""
    run = run_of(7)
    folder = Path(tempfile.mkdtemp(prefix="thinkube-benchmark-"))
    data = as_json(run)
    return Work(
        f"reports of {len(run.scenarios)} scenarios", lambda: reports.write(run, folder),
        "reading and writing their results as JSON five times", lambda: [json.dumps(json.loads(data), indent=1) for _ in range(5)],
    )  # fmt: skip


def comparison() -> Work:
    """Deployments as they were applied, against the same as a server holds them: with its defaults, status and managed fields."""
    container = {
        "name": "web",
        "image": "registry.example.org/web:1.2.3",
        "args": ["--listen=:8080", "--verbose"],
        "env": [{"name": f"SETTING_{number}", "value": str(number)} for number in range(8)],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "resources": {"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"cpu": "2.0", "memory": "1024Mi"}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    labels = {"app": "web"}
    spec = {"containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}]}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "web", "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }
    item = desired(deployment, owner="web", part_of="web", namespaced=True)
    wanted = item.against(None)
    live = Store().apply("apps/v1/deployments", "web", wanted, "thinkube", force=False, dry_run=False)
    pairs = [(copy.deepcopy(wanted), copy.deepcopy(live)) for _ in range(4_000)]
    return Work(
        f"comparison of {len(pairs)} objects", lambda: [mismatches(*pair) for pair in pairs],
        "writing both as JSON with sorted keys", lambda: [json.dumps(one, sort_keys=True) for pair in pairs for one in pair],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
