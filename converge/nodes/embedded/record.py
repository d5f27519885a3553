"""What a cluster was made from, kept beside its data: other clusters and later starts read it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from converge.nodes.embedded.layout import Layout

FILE = "cluster.json"


@dataclass(frozen=True)
class Record:
    """``made`` says that the API server once answered: from then on there may be data, and the cluster is never made anew."""

    name: str
    version: str
    workers: int
    subnet: str
    pod_subnet: str
    service_subnet: str
    made: bool = False

    @classmethod
    def of(cls, layout: Layout, version: str) -> Record:
        """What a new cluster's record says."""
        networks = (str(layout.subnet), str(layout.pod_subnet), str(layout.service_subnet))
        return cls(layout.name, version, layout.workers, *networks)

    def save(self, folder: Path) -> None:
        """Write it whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{FILE}.new"
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        os.replace(draft, folder / FILE)  # noqa: PTH105

    def as_made(self) -> Record:
        """The same of a cluster that has answered."""
        return replace(self, made=True)


def read(folder: Path) -> Record | None:
    """The record in a cluster's folder; None where there is none that can be read (a start that died at once)."""
    try:
        return Record(**json.loads((folder / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def others(state: Path, name: str) -> list[Record]:
    """The records of all other clusters of this machine."""
    if not state.is_dir():
        return []
    found = (read(folder) for folder in sorted(state.iterdir()) if folder.is_dir() and folder.name != name)
    return [record for record in found if record]
