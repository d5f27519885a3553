"""What a node's own programs said last, read from their logs: the API server need not serve for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from converge.nodes.embedded.layout import Layout
from converge.nodes.kubeadm.complaints import TAIL_BYTES, complaints
from converge.nodes.kubeadm.machine import Said

STATIC_PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_RUN = re.compile(r"^(\d+)\.log$")


def kubelet_log(layout: Layout, node: str) -> Path:
    """Where the kubelet of a node writes."""
    return layout.logs / f"{node}.kubelet.log"


def said(layout: Layout, node: str, name: str, about: str = "") -> Said:
    """What a node's kubelet or one of its static pods said last; of ``about`` only, where that is given."""
    if name not in STATIC_PODS:
        log = layout.logs / f"{node}.{name}.log"
        return Said(_last(log, about), 0, f"tail -50 {log}")
    newest = newest_log(layout, name)
    return Said(last_words_of(layout, name, about), runs(layout, name), f"tail -50 {newest}" if newest else "")


def last_words(layout: Layout, node: str) -> str:
    """What the kubelet of a node complained of last; its last lines where it complained of nothing."""
    return _last(kubelet_log(layout, node))


def runs(layout: Layout, name: str) -> int:
    """How often a static pod's container has been started so far: the number of its newest log."""
    return max((number for number, _ in _logs(layout, name)), default=-1) + 1


def last_words_of(layout: Layout, name: str, about: str = "") -> str:
    """What the newest run of a static pod's container that said anything complained of last."""
    written = (log for _, log in sorted(_logs(layout, name), reverse=True))
    return next(filter(None, (_last(log, about) for log in written)), "")


def newest_log(layout: Layout, name: str) -> Path | None:
    """Where the newest run of a static pod's container writes; None where there was none."""
    return max(_logs(layout, name), default=(0, None))[1]


def _logs(layout: Layout, name: str) -> Iterator[tuple[int, Path]]:
    folders = (layout.control.root / "var/log/pods").glob(f"kube-system_{name}-{layout.control.name}_*/{name}")
    return ((int(match[1]), log) for folder in folders for log in folder.iterdir() if (match := _RUN.match(log.name)))


def _last(log: Path, about: str = "") -> str:
    """The last complaints of a log, else its last lines."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return complaints(file.read().decode("utf-8", "replace"), about)
    except OSError:
        return ""
