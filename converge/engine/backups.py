"""Another version of what a component runs: its data is copied before, and one can come back from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from converge.components.terms import Backup
from converge.components.versions import replaced
from converge.kubernetes.changes import Change
from converge.progress import State


def versions_replaced(found: Iterable[Change]) -> Sequence[str]:
    """What these changes would run in another version: ``["keycloak 26.7.3 → 26.7.4"]``."""
    return list(dict.fromkeys(one for change in found if change.is_write for one in replaced(change.live, change.wanted)))


def copy_before(versions: Sequence[str], backups: Iterable[Backup], note: Callable[[State, str], None]) -> tuple[list[str], list[str]]:
    """Make the copies, and return what was done and, in lines for a failure, the way back.

    Raises:
        ThinkubeError: one could not be made; the earlier version goes on running.
    """
    told = ", ".join(versions)
    done, back = (
        [],
        [
            f"it runs another version since this run: {told}",
            "the way back: name the earlier one in converge/images/catalog.yaml, and run the same again",
        ],
    )
    for backup in backups:
        note(State.CHANGED, f"copy {backup.subject} before {told}")
        back.append(f"{backup.subject} as it was: {backup.make()}")
        done.append(f"copy {backup.subject}")
    return done, back
