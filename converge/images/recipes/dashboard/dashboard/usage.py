"""What the cluster uses, sample by sample, kept in memory for an hour: a new pod begins anew."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .quantities import cores, gib, number

Object = dict[str, Any]
KEPT_S = 3600


@dataclass(frozen=True)
class Amount:
    """How much of how much: ``Amount(1.3, 4)``."""

    used: float
    of: float

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return min(1.0, self.used / self.of) if self.of else 0.0


@dataclass(frozen=True)
class Sample:
    """One moment: the metrics API's numbers of each node, and the file system of the fullest node."""

    taken_at: float
    nodes: Mapping[str, Mapping[str, str]]
    """``{"local-control": {"cpu": "153m", "memory": "912Mi", "measured": "2026-11-23T21:08:00Z"}}``, in the metrics API's own words."""
    cpu: Amount
    memory: Amount
    storage: Amount | None = None
    fullest: str = ""


def sample(metrics: Sequence[Object], nodes: Sequence[Object], disks: Mapping[str, Amount], *, taken_at: float | None = None) -> Sample:
    """What the metrics API says of the nodes, beside what these have."""
    capacity = {node["metadata"]["name"]: node["status"]["capacity"] for node in nodes}
    told = {
        item["metadata"]["name"]: {**{name: item["usage"][name] for name in ("cpu", "memory")}, "measured": item["timestamp"]}
        for item in metrics
        if item["metadata"]["name"] in capacity
    }
    fullest = max(disks, key=lambda name: disks[name].share, default="")
    return Sample(
        taken_at=time.time() if taken_at is None else taken_at,
        nodes=told,
        cpu=_sum("cpu", told, capacity),
        memory=_sum("memory", told, capacity),
        storage=disks.get(fullest),
        fullest=fullest,
    )


def disk(summary: Object) -> Amount | None:
    """A node's file system, on which its volumes and images lie, of its kubelet's summary."""
    found = summary.get("node", {}).get("fs", {})
    if "capacityBytes" not in found or "availableBytes" not in found:
        return None
    # Not usedBytes: what is reserved for root is free for nobody.
    return Amount(found["capacityBytes"] - found["availableBytes"], found["capacityBytes"])


class History:
    """The samples of the last hour."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def add(self, sample: Sample) -> None:
        """Keep a sample, and forget what is older than an hour."""
        self._samples.append(sample)
        while self._samples[0].taken_at < sample.taken_at - KEPT_S:
            self._samples.popleft()

    @property
    def last(self) -> Sample | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)


@dataclass(frozen=True)
class Measure:
    """One of the charts: what it shows, in which unit."""

    key: str
    title: str
    unit: str

    def amount(self, sample: Sample) -> Amount | None:
        """What a sample says of it."""
        found: Amount | None = getattr(sample, self.key)
        return found

    def words(self, value: float) -> str:
        """A number of its unit: ``1.30``, ``5.4``."""
        return cores(value) if self.unit == "cores" else gib(value)


MEASURES = (Measure("cpu", "Processor", "cores"), Measure("memory", "Memory", "GiB"), Measure("storage", "Storage", "GiB"))


def _sum(name: str, told: Mapping[str, Mapping[str, str]], capacity: Mapping[str, Mapping[str, str]]) -> Amount:
    return Amount(sum(number(used[name]) for used in told.values()), sum(number(capacity[node][name]) for node in told))
