"""Tells which images are being loaded into which nodes, whatever the nodes are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from converge.progress import Progress, State


@contextmanager
def shown(progress: Progress, nodes: Mapping[str, Mapping[str, Path]]) -> Iterator[None]:
    """Say of each image what is loaded into which nodes while that is done: ``image keycloak: loading 640 MiB into local-worker-1``.

    How far it is nobody hears: containerd's own client reads the archive.
    """
    lacked_by: dict[str, list[str]] = {}
    for node, archives in nodes.items():
        for reference in archives:
            lacked_by.setdefault(reference, []).append(node)
    subjects = {reference: f"image {reference.rpartition('/')[2].partition(':')[0]}" for reference in lacked_by}
    for reference, names in lacked_by.items():
        mib = nodes[names[0]][reference].stat().st_size >> 20
        progress.note(subjects[reference], State.WAITING, f"loading {max(1, mib)} MiB into {', '.join(names)}")
    state, words = State.FAILED, "not loaded"
    try:
        yield
        state, words = State.DONE, "loaded"
    finally:
        for subject in subjects.values():
            progress.note(subject, state, words)
