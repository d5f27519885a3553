"""What was done, kept in the cluster: a ConfigMap that says of each component when it last changed, with what outcome.

Another says how its scenarios last ended, for those who look at the platform from inside.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from converge.engine.outcome import Outcome, Result
from converge.kubernetes.client import Api
from converge.kubernetes.objects import SYSTEM_NAMESPACE, KubernetesObject

NAME = "record"
ACCEPTANCE = "acceptance"
LONGEST_LIST = 50
"""Changes that one entry names; the report folder has all."""


def write_record(api: Api, outcomes: Mapping[str, Outcome], started_at: float) -> None:
    """Keep what this run did, beside what earlier runs did to other components."""
    earlier = (api.find("ConfigMap", NAME, SYSTEM_NAMESPACE) or {}).get("data") or {}
    entries = {
        name: json.dumps(entry(outcome), sort_keys=True)
        for name, outcome in outcomes.items()
        if outcome.result in (Result.CONVERGED, Result.FAILED, Result.ROLLED_BACK)
    }
    run = json.dumps({"started": stamp(started_at), "seconds": round(time.time() - started_at, 1)})
    api.apply(_config_map(NAME, {**earlier, **entries, "run": run}), force=True)


def endings(scenarios: Iterable[tuple[Collection[str], str]], components: Iterable[str]) -> dict[str, Counter[str]]:
    """How many scenarios of each component ended in which way, from the tags and the outcome of each."""
    found: dict[str, Counter[str]] = {}
    for name in components:
        ended = Counter(outcome for tags, outcome in scenarios if name in tags)
        if ended:
            found[name] = ended
    return found


def write_acceptance(api: Api, ended: Mapping[str, Mapping[str, int]], ended_at: float, report: str = "") -> None:
    """Keep how the scenarios of this run ended, beside those of components that it left out; ``report`` is its address."""
    earlier = (api.find("ConfigMap", ACCEPTANCE, SYSTEM_NAMESPACE) or {}).get("data") or {}
    entries = {name: json.dumps({**counts, "ended": stamp(ended_at), "report": report}, sort_keys=True) for name, counts in ended.items()}
    if entries:
        api.apply(_config_map(ACCEPTANCE, {**earlier, **entries}), force=True)


def entry(outcome: Outcome) -> dict[str, object]:
    """When, with what outcome, how much, and the digest of what was changed."""
    return {
        "started": stamp(outcome.started_at),
        "seconds": round(outcome.seconds, 1),
        "result": outcome.result.value,
        "lost": list(outcome.lost),
        "changes": list(outcome.changes[:LONGEST_LIST]),
        "written": len(outcome.changes),
        "digest": hashlib.sha256("\n".join(outcome.changes).encode()).hexdigest()[:16],
    }


def stamp(seconds: float) -> str:
    """``2026-11-23T21:08:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _config_map(name: str, data: Mapping[str, str]) -> KubernetesObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": SYSTEM_NAMESPACE}, "data": dict(data)}
