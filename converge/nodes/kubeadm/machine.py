"""A node's files and programs, as root: the one way in which kubeadm's clusters are worked on, whatever leads there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from converge.process import Completed


@dataclass(frozen=True)
class Said:
    """What a program said: its last complaints (else its last lines), how often it was started, what shows more."""

    words: str = ""
    starts: int = 0
    command: str = ""


class Machine(Protocol):
    """One node: a namespace of this machine, or a host over SSH."""

    def run(self, argv: Sequence[str], *, timeout_s: float = 60, stdin: str | None = None) -> Completed:
        """Run a program to its end.

        Raises:
            ProgramFailed: it did not succeed, or took too long.
        """

    def read(self, *paths: str) -> Mapping[str, str]:
        """The text of those files that exist, by their paths; all in one look."""

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        """Replace a file, whole or not at all; its folder is made where it is absent."""

    def remove(self, *paths: str) -> None:
        """Remove files; absent is fine."""

    def command(self, program: str) -> Sequence[str] | None:
        """The words with which a program of the node's own (``kubelet``) was started, None where it does not run."""

    def start(self, program: str, argv: Sequence[str]) -> None:
        """Start a program that outlives this process."""

    def end(self, program: str) -> None:
        """End it; what it started, such as containers, goes on."""

    def said(self, name: str, about: str = "") -> Said:
        """What ``kubelet``, or a static pod such as ``etcd``, said last; of ``about`` only, where that is given."""
