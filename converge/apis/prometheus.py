"""Prometheus as nouns: what it knows at a moment, what it scrapes, which alerts are raised.

Source: Prometheus 2.53, "HTTP API" (v1).
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from converge.errors import Refused

NEXT = "pytest features/ -m prometheus --with prometheus"


@dataclass(frozen=True)
class Sample:
    """A value of a series at a moment (seconds since 1970): ``Sample({"__name__": "up", "job": "kubelet"}, 1795804800.0, 1.0)``."""

    labels: Mapping[str, str]
    time: float
    value: float


@dataclass(frozen=True)
class Target:
    """Something that is scraped: ``Target("kubelet", "https://10.88.88.2:10250/metrics", "up")``; its health is "unknown" at first."""

    job: str
    url: str
    health: str
    labels: Mapping[str, str]
    error: str = ""


class Prometheus:
    """``Prometheus(get).query("up")``; ``get`` reads the text at a path below the server's address."""

    def __init__(self, get: Callable[[str], str]) -> None:
        self._get = get

    def query(self, expression: str, at: float | None = None) -> Sequence[Sample]:
        """What an expression says now, or at a moment; of a range (``up[1m]``) each series' last sample.

        Raises:
            Refused: it is no expression, or Prometheus would not.
        """
        found = self._ask("/api/v1/query", {"query": expression} | ({"time": f"{at:.3f}"} if at is not None else {}))["result"]
        series = [(one["metric"], one["values"][-1] if "values" in one else one["value"]) for one in found]
        return [Sample(labels, float(moment), float(value)) for labels, (moment, value) in series]

    def targets(self) -> Sequence[Target]:
        """Everything that is scraped."""
        active = self._ask("/api/v1/targets", {"state": "active"})["activeTargets"]
        return [Target(one["scrapePool"], one["scrapeUrl"], one["health"], one["labels"], one.get("lastError", "")) for one in active]

    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Alerts that are pending or firing: ``{"labels": {"alertname": …}, "state": "firing", …}``."""
        found: Sequence[Mapping[str, Any]] = self._ask("/api/v1/alerts")["alerts"]
        return found

    def rules(self) -> Mapping[str, str]:
        """The rules for alerts that are loaded, each with its health: ``{"TargetDown": "ok"}``."""
        groups = self._ask("/api/v1/rules", {"type": "alert"})["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    def configuration(self) -> str:
        """The configuration that it runs with, as YAML."""
        text: str = self._ask("/api/v1/status/config")["yaml"]
        return text

    def _ask(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        answer = json.loads(self._get(f"{path}?{urllib.parse.urlencode(query)}" if query else path))
        if answer["status"] != "success":
            raise Refused(f"{path} of Prometheus", seen=answer.get("error", ""), next_command=NEXT)
        return answer["data"]
