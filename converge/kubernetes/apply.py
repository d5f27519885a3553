"""Write what `changes` found: in the order in which objects need each other, stopping where somebody else's would be touched."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from converge.kubernetes.applyset import Seen, cover, narrow
from converge.kubernetes.changes import Action, Change, changes, refuse_conflicts
from converge.kubernetes.client import Api
from converge.kubernetes.deletion import wait_until_gone
from converge.kubernetes.discovery import BUILT_IN
from converge.kubernetes.failures import ApiRefused
from converge.kubernetes.objects import KubernetesObject, Ref
from converge.kubernetes.ready import readiness
from converge.kubernetes.service_accounts import retire_pods
from converge.kubernetes.stages import Stage, order_of
from converge.kubernetes.wait import wait_until
from converge.progress import SILENCE, Progress, State

__all__ = ["Action", "Change", "Seen", "Stage", "apply_changes", "changes", "refuse_conflicts"]

_WRITERS = 8
_PAUSE_S = 0.2


def apply_changes(
    api: Api,
    owner: str,
    found: Sequence[Change],
    *,
    stages: Sequence[Stage] = tuple(Stage),
    progress: Progress = SILENCE,
    deadline_s: float = 120,
) -> list[Change]:
    """Write the changes of some stages (default: all, in order) and return those that were written.

    CustomResourceDefinitions are waited for until they are established, deletions until the object is gone.
    Temporary trouble ("failed calling webhook", 429, 5xx, a lost connection) is retried until the deadline.

    Raises:
        Refused: a conflict (before the first write), or a refusal of the server.
        Unreachable: temporary trouble outlasted the deadline.
        NotReady: what was deleted is still there at the deadline.
    """
    refuse_conflicts(found)
    todo = sorted((change for change in found if change.is_write and change.stage in stages), key=_order)
    if not todo:
        return []
    deadline = time.monotonic() + deadline_s
    patient = api.view(patience_s=deadline_s, waiting=lambda words: progress.note(owner, State.WAITING, words), counts=api.counts)
    cover(patient, owner, [change.ref for change in found if change.wanted and not change.is_shared])
    with ThreadPoolExecutor(_WRITERS) as pool:
        for _, batch in groupby(todo, key=_order):
            list(pool.map(lambda change: _write(patient, change, deadline, progress, owner), list(batch)))
    if any(change.action is Action.PRUNE for change in todo):
        _narrow(api, owner)
    return todo


def _order(change: Change) -> tuple[int, int, int]:
    return order_of(change.ref, change.stage)


def _write(api: Api, change: Change, deadline: float, progress: Progress, owner: str) -> None:
    progress.note(owner, State.CHANGED, str(change.action) + f" {change.ref}")
    ref = change.ref
    if change.action in (Action.PRUNE, Action.RECREATE):
        _remove(api, change, deadline)
    if change.wanted is None:
        return
    if ref.kind == "ServiceAccount" and change.action in (Action.CREATE, Action.RECREATE):
        retire_pods(api, ref)
    wanted, force = change.wanted, change.force
    _while_unknown(api, lambda: api.apply(wanted, force=force), ref, deadline)
    if ref.kind == "CustomResourceDefinition":
        wait_until(
            api, ref, lambda obj: obj is not None and readiness(obj).is_ready, deadline - time.monotonic(), wanted=f"{ref} established"
        )


def _remove(api: Api, change: Change, deadline: float) -> None:
    ref, live = change.ref, change.live or {}
    uid = live.get("metadata", {}).get("uid", "")
    try:
        api.delete(ref.kind, ref.name, ref.namespace, propagation="Foreground", uid=uid, api_version=ref.api_version)
    except ApiRefused as refused:
        if refused.code != 409:  # another object stands there now: not the one that was to go
            raise
        return
    wait_until_gone(api, ref, uid, deadline - time.monotonic())


def _while_unknown(api: Api, write: Callable[[], KubernetesObject], ref: Ref, deadline: float) -> None:
    """A kind whose definition was established a moment ago may be unknown to the server for a moment more."""
    while True:
        try:
            write()
        except ApiRefused as refused:
            if refused.code != 404 or ref.kind in BUILT_IN or time.monotonic() > deadline:
                raise
            api.wait(f"{refused.wanted}: {refused.seen}")
            time.sleep(_PAUSE_S)
        else:
            return


def _narrow(api: Api, owner: str) -> None:
    seen = Seen(api, owner)
    parent = seen.parent(owner)
    left = seen.members(owner, [(kind, "") for kind in parent.kinds])
    narrow(api, owner, left)
