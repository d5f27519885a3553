"""Images in the nodes' containerd."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from converge.process import run


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


def _ctr(programs: Path, runtime: Path) -> list[str | Path]:
    return [programs / "ctr", "--address", runtime, "--namespace", "k8s.io", "images"]
