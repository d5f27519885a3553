"""What a node's own programs said last, read from their logs: the API server need not serve for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from converge.nodes.embedded.layout import Layout
from converge.redaction import redact

TAIL_BYTES = 65536
LINES = 5
WIDTH = 300
STATIC_PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_TROUBLE = re.compile(r'^[EF]\d{4} |"level":"(?:error|fatal|panic)"|level=(?:error|fatal)|\b(?:panic|fatal|error):', re.IGNORECASE)
_RUN = re.compile(r"^(\d+)\.log$")


def kubelet_log(layout: Layout, node: str) -> Path:
    """Where the kubelet of a node writes."""
    return layout.logs / f"{node}.kubelet.log"


def last_words(layout: Layout, node: str) -> str:
    """What the kubelet of a node complained of last; its last lines where it complained of nothing."""
    return _last(kubelet_log(layout, node))


def runs(layout: Layout, name: str) -> int:
    """How often a static pod's container has been started so far: the number of its newest log."""
    return max((number for number, _ in _logs(layout, name)), default=-1) + 1


def last_words_of(layout: Layout, name: str) -> str:
    """What the newest run of a static pod's container that said anything complained of last."""
    written = (log for _, log in sorted(_logs(layout, name), reverse=True))
    return next(filter(None, map(_last, written)), "")


def newest_log(layout: Layout, name: str) -> Path | None:
    """Where the newest run of a static pod's container writes; None where there was none."""
    return max(_logs(layout, name), default=(0, None))[1]


def _logs(layout: Layout, name: str) -> Iterator[tuple[int, Path]]:
    folders = (layout.control.root / "var/log/pods").glob(f"kube-system_{name}-{layout.control.name}_*/{name}")
    return ((int(match[1]), log) for folder in folders for log in folder.iterdir() if (match := _RUN.match(log.name)))


def _last(log: Path) -> str:
    """The last complaints of a log, else its last lines."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = [_said(line) for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return "\n".join(redact(line[:WIDTH]) for line in _distinct([line for line in lines if _TROUBLE.search(line)] or lines)[-LINES:])


def _said(line: str) -> str:
    """A line without what the container runtime writes before it: ``2026-01-02T03:04:05.6Z stderr F``."""
    parts = line.split(" ", 3)
    return parts[3] if len(parts) == 4 and parts[1] in ("stdout", "stderr") and parts[2] in ("F", "P") else line


def _distinct(lines: Iterable[str]) -> list[str]:
    """Lines that differ in more than their time; of equal ones the last."""
    found: dict[str, str] = {}
    for line in lines:
        key = re.sub(r"\d+", "0", line)
        found.pop(key, None)
        found[key] = line
    return list(found.values())
