"""An embedded node as kubeadm's clusters are worked on: its files through this machine, its programs in its namespaces."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from converge.nodes.embedded import program_logs
from converge.nodes.embedded.layout import EmbeddedNode, Layout
from converge.nodes.embedded.spaces import Spaces
from converge.nodes.kubeadm.machine import Machine, Said
from converge.process import Completed
from converge.surroundings import make_folder


@dataclass(frozen=True)
class EmbeddedMachine:
    """One node; its files can be read and written also while it does not run."""

    spaces: Spaces
    node: EmbeddedNode

    def run(self, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None) -> Completed:
        """See ``Machine.run``."""
        return self.spaces.run(self.node.name, argv, timeout_s=timeout_s, stdin=stdin)

    def read(self, *paths: str) -> Mapping[str, str]:
        """See ``Machine.read``."""
        found = {path: self._inside(path) for path in paths}
        return {path: place.read_text() for path, place in found.items() if place.exists()}

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        """See ``Machine.write``."""
        target = self.node.root / path.lstrip("/")
        make_folder(target.parent)
        draft = target.with_name(f".{target.name}.new")  # a kubelet that reads the folder leaves hidden files alone
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        draft.chmod(mode)
        os.replace(draft, target)  # noqa: PTH105

    def remove(self, *paths: str) -> None:
        """See ``Machine.remove``."""
        for path in paths:
            (self.node.root / path.lstrip("/")).unlink(missing_ok=True)

    def command(self, program: str) -> Sequence[str] | None:
        """See ``Machine.command``."""
        pid = self.spaces.process(self.node.name, program)
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0") if pid is not None else None

    def start(self, program: str, argv: Sequence[str]) -> None:
        """See ``Machine.start``."""
        self.spaces.spawn(self.node.name, program, argv)

    def end(self, program: str) -> None:
        """See ``Machine.end``."""
        self.spaces.end(self.node.name, program)

    def said(self, name: str, about: str = "") -> Said:
        """See ``Machine.said``."""
        return program_logs.said(self.spaces.layout, self.node.name, name, about)

    def _inside(self, path: str) -> Path:
        """A file as this machine sees it; where it is a link, what that means on the node."""
        place = self.node.root / path.lstrip("/")
        if place.is_symlink():
            target = place.readlink()
            return self.node.root / str(target).lstrip("/") if target.is_absolute() else place.parent / target
        return place


def machines(layout: Layout, spaces: Spaces) -> dict[str, Machine]:
    """Every node of a cluster, by its name."""
    return {node.name: EmbeddedMachine(spaces, node) for node in layout.nodes}
