"""What this machine remembers of a cluster on hosts; what it has forgotten is read from the hosts again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from converge.nodes.hosts.plan import Traits

FILE = "hosts.json"


@dataclass(frozen=True)
class Record:
    """``made`` says that the API server once answered.

    ``hosts`` has of each host how it is reached, its share of the pod range, and what was found on it.
    """

    name: str
    version: str
    pod_subnet: str
    service_subnet: str
    hosts: Mapping[str, Mapping[str, Any]]
    made: bool = False

    @property
    def shares(self) -> dict[str, int]:
        """Which host has which part of the pod range."""
        return {name: int(known["share"]) for name, known in self.hosts.items()}

    @property
    def traits(self) -> dict[str, Traits]:
        """What was found on each host."""
        return {name: Traits(bool(host["systemd"]), bool(host["resolved"])) for name, host in self.hosts.items()}

    def save(self, folder: Path) -> None:
        """Write it whole or not at all; what says the same already stays."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        path = folder / FILE
        if path.exists() and path.read_text() == text:
            return
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        draft = folder / f"{FILE}.new"
        draft.write_text(text)
        os.replace(draft, path)  # noqa: PTH105


def read(folder: Path) -> Record | None:
    """The record in a cluster's folder; None where there is none that can be read."""
    try:
        return Record(**json.loads((folder / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
