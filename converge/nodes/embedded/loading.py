"""Images in the nodes' containerd."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from converge.process import run
from converge.progress import Progress, State


def present(programs: Path, runtime: Path) -> set[str]:
    """The names of what a node has; ``runtime`` is its containerd's socket."""
    return set(run([*_ctr(programs, runtime), "list", "--quiet"], timeout_s=30).stdout.split())


def bring(programs: Path, runtime: Path, archives: Iterable[Path]) -> None:
    """Import archives, side by side."""
    chosen = list(dict.fromkeys(archives))
    if chosen:
        with ThreadPoolExecutor(len(chosen)) as pool:
            list(pool.map(lambda archive: run([*_ctr(programs, runtime), "import", archive], timeout_s=600), chosen))


def lacking(programs: Path, runtime: Path, archives: Mapping[str, Path]) -> dict[str, Path]:
    """What of these a node has not."""
    there = present(programs, runtime)
    return {reference: archive for reference, archive in archives.items() if reference not in there}


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


def _ctr(programs: Path, runtime: Path) -> list[str | Path]:
    return [programs / "ctr", "--address", runtime, "--namespace", "k8s.io", "images"]
