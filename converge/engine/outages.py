"""What happens to machines: the cluster is stopped and started, nodes are emptied for maintenance; afterwards everything serves again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converge.engine.serving import wait_until_serving
from converge.errors import Refused, Unavailable
from converge.kubernetes.drain import drained
from converge.progress import State

if TYPE_CHECKING:
    from converge.engine.platform import Platform


def restart_cluster(platform: Platform) -> None:
    """Stop every process of the cluster, start it, and wait until every component serves.

    Raises:
        Unavailable: its nodes are not ours to stop.
    """
    try:
        platform.provider.stop()
    except Refused as refused:
        raise Unavailable("a cluster that may be stopped", seen=refused.seen) from refused
    platform.provider.start(platform.progress)
    _wait_until_all_serve(platform)


def drain_each_node(platform: Platform) -> list[str]:
    """Empty one node after the other, let it take pods again, and wait until every component serves; gives their names."""
    names = [node.name for node in platform.cluster().nodes]
    for name in names:
        with drained(platform.api, name, platform.inventory.deadlines.component_s):
            pass
        _wait_until_all_serve(platform)
    return names


def _wait_until_all_serve(platform: Platform) -> None:
    subject, ended = "all components", State.FAILED
    try:
        wait_until_serving(platform, platform.possible, subject=subject)
        ended = State.DONE
    finally:
        platform.progress.note(subject, ended)
