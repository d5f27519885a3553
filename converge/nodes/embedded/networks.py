"""Address ranges: each cluster needs some that nobody else on this machine uses, and that is known before anything is touched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import chain
from pathlib import Path

from converge.nodes.embedded.layout import Layout
from converge.nodes.embedded.record import Record
from converge.nodes.kubeadm.plan import POD_PREFIX
from converge.process import run


@dataclass(frozen=True)
class Range:
    """A range that is taken: ``Range(IPv4Network("172.17.0.0/16"), "this machine's route by docker0")``."""

    network: IPv4Network
    owner: str


def clashes(layout: Layout, others: Iterable[Record], routes: Iterable[Range]) -> list[str]:
    """What is wrong with a cluster's ranges, each with a range that would do; empty where they are free."""
    found = [*_within(layout)]
    taken = [*_of_clusters(others), *routes]
    for label, network in (("subnet", layout.subnet), ("pod_subnet", layout.pod_subnet)):
        for other in taken:
            if network.overlaps(other.network):
                free = _free(network.prefixlen, [layout.service_subnet, *(entry.network for entry in taken)])
                found.append(f"{label} {network} overlaps {other.network} ({other.owner}); free: {free}")
                break
    return found


def host_routes(own_link: str) -> list[Range]:
    """The ranges that this machine reaches by any other link than the cluster's own; the default route is none."""
    entries = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"], timeout_s=10).stdout or "[]")
    there = [entry for entry in entries if "dev" not in entry or Path("/sys/class/net", entry["dev"]).exists()]  # others are just going
    return list(_ranges(there, own_link))


def _ranges(entries: Sequence[dict[str, str]], own_link: str) -> Iterable[Range]:
    for entry in entries:
        target, link = entry.get("dst", "default"), entry.get("dev", "")
        if target == "default" or link in (own_link, "lo") or entry.get("type") in ("local", "broadcast", "multicast"):
            continue
        yield Range(IPv4Network(target, strict=False), f"this machine's route by {link or entry.get('gateway', '?')}")


def _within(layout: Layout) -> Iterable[str]:
    if layout.subnet.num_addresses < layout.workers + 4:
        yield f"subnet {layout.subnet} has no room for {layout.workers + 1} nodes and this machine"
    if layout.pod_subnet.prefixlen > POD_PREFIX or 2 ** (POD_PREFIX - layout.pod_subnet.prefixlen) < layout.workers + 1:
        yield f"pod_subnet {layout.pod_subnet} has no /{POD_PREFIX} for each of {layout.workers + 1} nodes"
    if layout.service_subnet.prefixlen > 24:
        yield f"service_subnet {layout.service_subnet} is smaller than a /24"
    named = [("subnet", layout.subnet), ("pod_subnet", layout.pod_subnet), ("service_subnet", layout.service_subnet)]
    for index, (label, network) in enumerate(named):
        for other_label, other in named[index + 1 :]:
            if network.overlaps(other):
                yield f"{label} {network} overlaps {other_label} {other}"


def _of_clusters(others: Iterable[Record]) -> Iterable[Range]:
    for other in others:
        for text in (other.subnet, other.pod_subnet):
            yield Range(IPv4Network(text), f"cluster {other.name}")


def _free(prefix: int, taken: Sequence[IPv4Network]) -> str:
    if prefix >= 24:
        candidates = IPv4Network("10.88.0.0/16").subnets(new_prefix=prefix)
    else:
        candidates = chain.from_iterable(
            IPv4Network(text).subnets(new_prefix=max(prefix, 11)) for text in ("10.224.0.0/11", "10.128.0.0/10")
        )
    for network in candidates:
        if network[0] >= IPv4Network("10.88.88.0/24")[0] and not any(network.overlaps(other) for other in taken):
            return str(network)
    return "none in 10.0.0.0/8"
